"""All mismatch checks of a night (rules.md "Mismatch checks for auditors")."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.extracts.coverage import Coverage
from pipelines.facts import Facts
from pipelines.rules.checks import alike_numbers, assistance, cover, gather, numbers, registers
from pipelines.rules.checks.finding import Finding, Night
from pipelines.rules.suspension import MISSING, suspensions, unmet_anywhere, write_suspensions
from pipelines.workspace import atomic_path

Check = Callable[[Night], Finding]

CHECKS: dict[str, Check] = {
    "ID-01": numbers.id_01,
    "ID-02": numbers.id_02,
    "ID-03": numbers.id_03,
    "ID-04": numbers.id_04,
    "ID-05": numbers.id_05,
    "ID-06": alike_numbers.id_06,
    "EN-01": cover.en_01,
    "EN-02": cover.en_02,
    "EN-03": cover.en_03,
    "EN-04": cover.en_04,
    "EN-05": cover.en_05,
    "EN-06": cover.en_06,
    "EN-07": registers.en_07,
    "EN-08": assistance.en_08,
    "EN-09": assistance.en_09,
    "EN-10": registers.en_10,
    "EN-11": cover.en_11,
    "EN-12": cover.en_12,
}


def evaluate_checks(facts: Facts, coverage: Coverage, folder: Path) -> dict[str, int]:
    """Makes every check that the night's datasets allow, and writes to `folder` mismatches.parquet, mismatch_evidence.parquet and
    denominators.parquet (columns in docs/design.md), sorted, so that the same inputs give the same bytes; suspensions.parquet gains the checks' rows.

    Gives the count of each check made. A check without a dataset that it needs is not made at all; one that rests on an absence is made where
    that can be proven. A county that only lacks the dataset itself counts as not checked, unless other counties' rows found somebody there.
    """
    night = Night(facts, coverage)
    suspended = suspensions(facts.policy, coverage, facts.as_of, CHECKS)
    impossible = unmet_anywhere((item for item in suspended if item.reason == MISSING), night.counties)
    findings = {name: check(night) for name, check in sorted(CHECKS.items()) if name not in impossible}
    found = {name: gather.found_rows(finding, night) for name, finding in findings.items()}
    known = gather.subjects([item for items in found.values() for item in items], night)
    about = {name: gather.mismatches(name, items, known, night) for name, items in found.items() if items}
    cells = [gather.evidence(name, found[name], rows, night) for name, rows in about.items()]
    _write(pa.concat_tables([gather.MISMATCHES.empty_table(), *about.values()]), folder / "mismatches.parquet")
    _write(pa.concat_tables([gather.EVIDENCE.empty_table(), *cells]), folder / "mismatch_evidence.parquet")
    _write(gather.denominators(findings, night), folder / "denominators.parquet")
    raised = {(name, county) for name, rows in about.items() for county in rows["county_code"].unique().to_pylist()}
    lacking = [item for item in suspended if item.reason != MISSING or (item.rule, item.county_code) not in raised]
    write_suspensions(lacking, CHECKS, folder / "suspensions.parquet")
    return {name: about[name].num_rows if name in about else 0 for name in findings}


def _write(rows: pa.Table, target: Path) -> None:
    with atomic_path(target) as beside:
        pq.write_table(rows, beside, compression="zstd")
