"""All files of a night for people and other systems, below `reports/<as-of>/` (outputs.md, "Files of a night")."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from pipelines.ledger.database import Ledger
from pipelines.ledger.kinds import FLAGS, MISMATCHES
from pipelines.policy import Policy
from pipelines.reports import tables
from pipelines.reports.cases import HouseholdKey
from pipelines.reports.desks import Desk, Job, done
from pipelines.reports.expectations_page import write_expectations
from pipelines.reports.ledger_night import LISTED, leave
from pipelines.reports.mismatch_figures import check_figures, county_figures
from pipelines.reports.mismatch_report import write_mismatch_report
from pipelines.reports.night_files import replaced, write_departments
from pipelines.reports.portions import CheckWorkbook, CountyLists
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
Progress = Callable[[str], None]


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
    suspended: tuple[SuspendedRule, ...]
    flags: pd.DataFrame
    flag_changes: pd.DataFrame
    mismatches: pd.DataFrame
    denominators: pd.DataFrame

    @property
    def policy(self) -> Policy:
        return self.facts.policy

    @property
    def held(self) -> pd.DataFrame:
        """The suspensions of checks."""
        rows = [vars(item) for item in self.suspended if item.rule in self.policy.checks]
        return pd.DataFrame(rows, columns=["rule", "county_code", "dataset", "reason"])


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
        suspended=tuple(SuspendedRule(*row) for row in _columns(queries.suspensions(ledger, as_of), "rule", "county_code", "dataset", "reason")),
        flags=queries.flags(ledger, as_of, wanted=LISTED),
        flag_changes=queries.change_counts(ledger, as_of, FLAGS),
        mismatches=queries.mismatches(ledger, as_of, wanted=LISTED),
        denominators=queries.denominators(ledger, as_of),
    )  # fmt: skip
    with replaced(workspace.reports(as_of), OWNED) as beside:
        _write_workbooks(beside, night, progress)
        progress("workbooks for departments")
        write_departments(
            beside, stock.files, stock.conformed, stock.deliveries, stock.in_force, contracts=contracts, policy=night.policy, as_of=as_of
        )
        progress("pages")
        _write_pages(beside, night)
        progress("tables for other systems")
        _write_tables(beside, night)
    return Written(workspace.reports(as_of), _ledger_findings(night), night.suspended, int(night.flags["case_id"].nunique()))


def _write_workbooks(folder: Path, night: _Night, progress: Progress) -> None:
    """Everything that names people: the townships' lists, the auditors' workbooks, the visit list. The largest portions are begun first."""
    facts, policy, as_of = night.facts, night.policy, night.as_of
    progress("heads of household")
    households = {(token, county) for token, county in _columns(night.flags, "household_token", "county_code") if token}
    named = heads(facts.records, open_tokens(night.workspace), households)
    unchecked = unchecked_by_county(night.suspended, night.stock.in_force.coverage, policy, night.contracts)
    listed = Counter(dict.fromkeys(unchecked, 0))
    listed.update(county for (county,) in _columns(night.flags, "county_code"))
    listed.update(_totals(night.flag_changes, "number", "county_code"))
    own: dict[str, dict[HouseholdKey, str]] = defaultdict(dict)
    for key, name in named.items():
        own[key[1]][key] = name
    jobs: list[tuple[int, Job[list[Visit]]]] = [
        (count, CountyLists(folder, county, own[county], unchecked.get(county, ()))) for county, count in listed.items()
    ]
    counties = county_figures(night.mismatches, night.denominators, night.held, policy)
    for place, figures in enumerate(check_figures(night.mismatches, night.denominators, night.held, policy)):
        parts = [(county.name, county.cells[place]) for county in counties]
        jobs.append((figures.found, CheckWorkbook(folder, figures, parts)))
    progress("workbooks for townships and auditors")
    desk = Desk(night.ledger, as_of, night.contracts, policy, leave(night.ledger, as_of).entry_id)
    in_turn = [job for _, job in sorted(jobs, key=lambda entry: -entry[0])]
    visits = [visit for found in done(desk, in_turn, len(night.flags) + len(night.mismatches)) for visit in found]
    covered = [row.county_code for row in night.stock.in_force.coverage.rows if row.dataset == "tekun" and row.covered]
    write_visits(folder / "visit-list.xlsx", visits, care_counts(facts), covered=covered, policy=policy, as_of=as_of)


def _write_pages(folder: Path, night: _Night) -> None:
    """The mismatch report and the page of expectations."""
    policy, as_of = night.policy, night.as_of
    write_mismatch_report(
        folder / "mismatch-report.html",
        mismatches=night.mismatches,
        denominators=night.denominators,
        suspensions=night.held,
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
    events = _totals(night.flag_changes, "number", "rule", "kind")
    events += _totals(queries.change_counts(night.ledger, night.as_of, MISMATCHES), "number", "check", "kind")
    checked = _totals(night.denominators, "checked", "check")
    return findings(night.policy, standing=standing, events=events, checked=checked, suspended=night.suspended)


def found_tonight(folder: Path, policy: Policy) -> tuple[tuple[tuple[Finding, ...], tuple[Finding, ...]], tuple[SuspendedRule, ...]]:
    """Findings and suspensions of a night that was evaluated but not published, from its folder; what is new or gone only the ledger can tell."""
    told = {name: pq.read_table(folder / f"{name}.parquet").to_pandas() for name in ("flags", "mismatches", "denominators", "suspensions")}
    standing = Counter(_columns(told["flags"], "rule", "state")) + Counter(_columns(told["mismatches"], "check", "state"))
    checked = _totals(told["denominators"], "checked", "check")
    suspended = tuple(SuspendedRule(*row) for row in _columns(told["suspensions"], "rule", "county_code", "dataset", "reason"))
    return findings(policy, standing=standing, events={}, checked=checked, suspended=suspended), suspended


def _columns(frame: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(frame[name].tolist() for name in names), strict=True)


def _totals(frame: pd.DataFrame, number: str, *names: str) -> Counter[Any]:
    """The column `number` summed by the columns `names`: keyed by the value of one, by the tuple of several."""
    totals: Counter[Any] = Counter()
    for *key, count in _columns(frame, *names, number):
        totals[tuple(key) if len(names) > 1 else key[0]] += count
    return totals


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
