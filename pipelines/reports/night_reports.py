"""All files of a night for people and other systems, below `reports/<as-of>/` (outputs.md, "Files of a night")."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from pipelines.contracts import Contract
from pipelines.extracts.conform import Conformed
from pipelines.extracts.deliveries import Delivery
from pipelines.extracts.in_force import InForce
from pipelines.extracts.validate import Validation
from pipelines.facts import Facts
from pipelines.identity.tokens import open_tokens
from pipelines.ledger import queries
from pipelines.ledger.access_log import Reveal
from pipelines.ledger.database import Ledger
from pipelines.ledger.kinds import FLAGS, MISMATCHES
from pipelines.policy import Policy
from pipelines.reports import tables
from pipelines.reports.evidence import Wording
from pipelines.reports.expectations_page import write_expectations
from pipelines.reports.ledger_night import LISTED, leave, mismatch_rows, open_flags
from pipelines.reports.lists import LedgerNight, township_lists
from pipelines.reports.mismatch_report import write_mismatch_report
from pipelines.reports.night_files import Progress, replaced, write_checks, write_departments, write_lists
from pipelines.reports.register_facts import care_counts, heads
from pipelines.reports.run_report import findings
from pipelines.reports.run_summary import FileLine, Finding
from pipelines.reports.suspended import SuspendedRule, unchecked_by_county
from pipelines.reports.visits import Visit, write_visits
from pipelines.workspace import Workspace, date_number

OWNED = (
    "flags", "quarantine", "mismatches", "expectations", "expectations.html", "mismatch-report.html", "visit-list.xlsx",
    "flags.parquet", "mismatches.parquet", "coverage.parquet", "links.parquet",
)  # fmt: skip
VISIT_RULE = "SV-01"


@dataclass(frozen=True)
class NightStock:
    """What the stages before left, as objects: the files of every dataset, what was judged, and what is in force."""

    files: Sequence[FileLine]
    conformed: Sequence[Conformed]
    deliveries: Sequence[Delivery]
    validations: Sequence[Validation]
    in_force: InForce


@dataclass(frozen=True)
class Written:
    """What the reports hold, for the run's report: findings of flags and of mismatches, suspensions, and how many cases stand on the lists."""

    folder: Path
    findings: tuple[tuple[Finding, ...], tuple[Finding, ...]]
    suspended: tuple[SuspendedRule, ...]
    cases: int


@dataclass(frozen=True)
class _Night:
    """What every part of the reports needs."""

    ledger: Ledger
    workspace: Workspace
    as_of: date
    facts: Facts
    stock: NightStock
    contracts: Mapping[str, Contract]
    code_version: str
    wording: Wording
    allowed: Reveal
    suspended: tuple[SuspendedRule, ...]
    flags: pd.DataFrame
    mismatches: pd.DataFrame

    @property
    def policy(self) -> Policy:
        return self.facts.policy


def write_reports(
    ledger: Ledger,
    workspace: Workspace,
    as_of: date,
    *,
    facts: Facts,
    stock: NightStock,
    contracts: Mapping[str, Contract],
    code_version: str,
    progress: Progress = lambda _: None,
) -> Written:
    """Writes everything of `reports/<as-of>/` but run.json, which the caller writes last, from the published night and what the stages left.

    All of it is written beside and then put in place, so a failed report changes nothing and the same night gives the same files. Raises LedgerError
    when the night has not been published, StageError when a flag would be on no list.
    """
    night = _Night(
        ledger, workspace, as_of, facts, stock, contracts, code_version,
        wording=Wording(contracts, facts.policy),
        allowed=leave(ledger, as_of),
        suspended=tuple(SuspendedRule(*row) for row in _columns(queries.suspensions(ledger, as_of), "rule", "county_code", "dataset", "reason")),
        flags=queries.flags(ledger, as_of, wanted=LISTED),
        mismatches=queries.mismatches(ledger, as_of, wanted=LISTED),
    )  # fmt: skip
    with replaced(workspace.reports(as_of), OWNED) as beside:
        _write_lists(beside, night, progress)
        progress("workbooks for departments")
        write_departments(
            beside, stock.files, stock.conformed, stock.deliveries, stock.in_force, contracts=contracts, policy=night.policy, as_of=as_of
        )
        _write_findings(beside, night, progress)
        progress("tables for other systems")
        _write_tables(beside, night)
    return Written(workspace.reports(as_of), _ledger_findings(night), night.suspended, int(night.flags["case_id"].nunique()))


def _write_lists(folder: Path, night: _Night, progress: Progress) -> None:
    progress("reading the ledger")
    facts, policy = night.facts, night.policy
    households = {(token, county) for token, county in _columns(night.flags, "household_token", "county_code") if token}
    named = heads(facts.records, open_tokens(night.workspace), households)
    told = open_flags(night.ledger, night.as_of, night.allowed, named)
    unchecked = unchecked_by_county(night.suspended, night.stock.in_force.coverage, policy, night.contracts)
    write_lists(folder, township_lists(told, unchecked, night.wording, policy, night.as_of), progress)
    covered = [row.county_code for row in night.stock.in_force.coverage.rows if row.dataset == "tekun" and row.covered]
    visits = _visits(told, night.wording)
    write_visits(folder / "visit-list.xlsx", visits, care_counts(facts), covered=covered, policy=policy, as_of=night.as_of)


def _write_findings(folder: Path, night: _Night, progress: Progress) -> None:
    """The auditors' workbooks, the mismatch report and the page of expectations."""
    policy, as_of = night.policy, night.as_of
    denominators = queries.denominators(night.ledger, as_of)
    held = pd.DataFrame([vars(item) for item in night.suspended if item.rule in policy.checks], columns=["rule", "county_code", "dataset", "reason"])
    progress("workbooks for auditors")

    def rows(check: str) -> Any:
        return mismatch_rows(night.ledger, as_of, check, night.allowed, night.wording, policy.region.counties)

    write_checks(folder, rows, night.mismatches, denominators, held, policy=policy, as_of=as_of)
    progress("pages")
    write_mismatch_report(
        folder / "mismatch-report.html",
        mismatches=night.mismatches,
        denominators=denominators,
        suspensions=held,
        coverage=night.stock.in_force.coverage,
        policy=policy,
        contracts=night.contracts,
        as_of=as_of,
        code_version=night.code_version,
    )
    write_expectations(folder, _documents(night.stock), policy=policy, contracts=night.contracts, as_of=as_of, code_version=night.code_version)


def _write_tables(folder: Path, night: _Night) -> None:
    """Flags, mismatches, coverage and links as Parquet: tokens and masked values only."""
    tables.write_findings(night.flags.rename(columns={"due": "due_date"}), tables.FLAGS, folder / "flags.parquet")
    tables.write_findings(night.mismatches, tables.MISMATCHES, folder / "mismatches.parquet")
    night.stock.in_force.coverage.to_parquet(folder / "coverage.parquet")
    links = night.workspace.night(night.as_of) / "links.parquet"
    tables.write_links(links, folder / "links.parquet", open_tokens(night.workspace))


def _ledger_findings(night: _Night) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    standing = Counter(_columns(night.flags, "rule", "state")) + Counter(_columns(night.mismatches, "check", "state"))
    events = Counter(_columns(queries.changes(night.ledger, night.as_of, FLAGS), "rule", "kind"))
    events += Counter(_columns(queries.changes(night.ledger, night.as_of, MISMATCHES), "check", "kind"))
    checked: Counter[str] = Counter()
    for check, count in _columns(queries.denominators(night.ledger, night.as_of), "check", "checked"):
        checked[check] += count
    return findings(night.policy, standing=standing, events=events, checked=checked, suspended=night.suspended)


def found_tonight(folder: Path, policy: Policy) -> tuple[tuple[tuple[Finding, ...], tuple[Finding, ...]], tuple[SuspendedRule, ...]]:
    """Findings and suspensions of a night that was evaluated but not published, from its folder; what is new or gone only the ledger can tell."""
    told = {name: pq.read_table(folder / f"{name}.parquet").to_pandas() for name in ("flags", "mismatches", "denominators", "suspensions")}
    standing = Counter(_columns(told["flags"], "rule", "state")) + Counter(_columns(told["mismatches"], "check", "state"))
    checked: Counter[str] = Counter()
    for check, count in _columns(told["denominators"], "check", "checked"):
        checked[check] += count
    suspended = tuple(SuspendedRule(*row) for row in _columns(told["suspensions"], "rule", "county_code", "dataset", "reason"))
    return findings(policy, standing=standing, events={}, checked=checked, suspended=suspended), suspended


def _columns(frame: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(frame[name].tolist() for name in names), strict=True)


def _visits(night: LedgerNight, wording: Wording) -> Iterator[Visit]:
    for flag in night.flags:
        if flag.rule == VISIT_RULE and flag.person in night.persons:
            shows = "\n".join(wording.sentences(flag.evidence, named=False))
            yield Visit(flag.county_code, flag.township, flag.village, night.persons[flag.person], shows)


def _documents(stock: NightStock) -> list[dict[str, Any]]:
    """The results of the deliveries in force and of each dataset's and county's newest."""
    used = {(dataset, file.snapshot) for dataset, files in stock.in_force.files.items() for file in files}
    newest: dict[tuple[str, str | None], date] = {}
    for item in stock.validations:
        key = (item.dataset, item.county_code)
        newest[key] = max(newest.get(key, item.snapshot), item.snapshot)
    shown = (
        item
        for item in stock.validations
        if (item.dataset, date_number(item.snapshot)) in used or newest[item.dataset, item.county_code] == item.snapshot
    )
    return [json.loads((item.folder / "result.json").read_text(encoding="utf-8")) for item in shown]
