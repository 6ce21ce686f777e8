"""The run's report put together: what the stages left and what the ledger says of the night."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.extracts.coverage import Coverage
from pipelines.identity.records import CUT_FILE, QUEUE_FILE
from pipelines.policy import Policy
from pipelines.reports.file_lines import late_lines
from pipelines.reports.run_summary import FileLine, Finding, Linking, NotCheckedLine, RunReport, StageTime
from pipelines.reports.suspended import SuspendedRule

PUBLISHED, WITH_SUSPENSIONS = "published", "published with suspended rules"


def findings(
    policy: Policy,
    *,
    standing: Mapping[tuple[str, str], int],
    events: Mapping[tuple[str, str], int],
    checked: Mapping[str, int],
    suspended: Iterable[SuspendedRule],
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Flags by rule and mismatches by check, in the policy's order.

    `standing` counts what stands open by rule or check and state; `events` the night's events by rule or check and kind (raised, cleared_by_data …);
    `checked` are the checks' denominators.
    """
    found: Counter[str] = Counter()
    for (key, _), count in standing.items():
        found[key] += count
    held: dict[str, set[str]] = {}
    for item in suspended:
        held.setdefault(item.rule, set()).add(item.county_code)

    def finding(key: str, name: str, family: str, over: int | None) -> Finding:
        new = events.get((key, "raised"), 0) + events.get((key, "reopened"), 0)
        gone = events.get((key, "cleared_by_data"), 0)
        return Finding(key, name, family, found[key], standing.get((key, "identity_check"), 0), new, gone, len(held.get(key, ())), over)

    flags = tuple(finding(key, rule.name, rule.family, None) for key, rule in policy.rules.items())
    mismatches = tuple(finding(key, check.name, key.split("-")[0], checked.get(key, 0)) for key, check in policy.checks.items())
    return flags, mismatches


def not_checked_lines(suspended: Iterable[SuspendedRule]) -> tuple[NotCheckedLine, ...]:
    """Suspensions with the counties that share rule, dataset and reason."""
    counties: dict[tuple[str, str, str], set[str]] = {}
    for item in suspended:
        counties.setdefault((item.rule, item.dataset, item.reason), set()).add(item.county_code)
    return tuple(
        NotCheckedLine(rule, tuple(sorted(codes)), tuple(dataset.split(";")), reason) for (rule, dataset, reason), codes in sorted(counties.items())
    )


def missing_sources(policy: Policy, coverage: Coverage) -> tuple[str, ...]:
    """Single sources that rules or checks use when they are there, and tonight are not, each with the rules concerned."""
    users: dict[str, list[str]] = {}
    for key in (*policy.rules, *policy.checks):
        for dataset in policy.needs(key).uses:
            if not coverage.delivered(dataset):
                users.setdefault(dataset, []).append(key)
    return tuple(f"without {dataset}: {', '.join(rules)}" for dataset, rules in sorted(users.items()))


def linking_of(links: Path) -> Linking:
    """What a linked night did with the records without a valid number, from its links.parquet and the two files beside it."""
    rows = pq.read_table(links, columns=["person", "link_basis"])
    probable = rows.filter(pc.field("link_basis") == "probable")
    linked = probable.filter(pc.field("person") > 0).num_rows
    cut = pq.read_table(links.with_name(CUT_FILE))
    queued = pq.read_table(links.with_name(QUEUE_FILE), columns=["person"]).num_rows
    return Linking(rows.num_rows, linked, probable.num_rows - linked, queued, cut.num_rows, len(cut["person"].unique()))


def run_report(
    policy: Policy,
    as_of: date,
    *,
    code_version: str,
    state: str,
    files: Sequence[FileLine],
    coverage: Coverage,
    suspended: Sequence[SuspendedRule],
    found: tuple[tuple[Finding, ...], tuple[Finding, ...]],
    stages: Sequence[StageTime],
    reports: Path,
    cases: int,
    linking: Linking | None = None,
) -> RunReport:
    """The report of one night. `state` is `published`, which becomes `published with suspended rules` where there are any, or what else happened."""
    return RunReport(
        as_of=as_of.isoformat(),
        policy=f"{policy.id} {policy.version}",
        policy_digest=policy.digest,
        code_version=code_version,
        state=WITH_SUSPENSIONS if state == PUBLISHED and suspended else state,
        files=tuple(files),
        flags=found[0],
        mismatches=found[1],
        not_checked=not_checked_lines(suspended),
        late=late_lines(coverage),
        missing_sources=missing_sources(policy, coverage),
        stages=tuple(stages),
        reports=str(reports),
        cases=cases,
        linking=linking,
    )
