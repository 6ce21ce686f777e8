"""Where a rule or check cannot be evaluated: its data are missing, old, or do not cover the county (rules.md "What each rule needs")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.extracts.coverage import Coverage
from pipelines.policy import Needs, Policy
from pipelines.workspace import atomic_path, number_date

MISSING = "missing"
NOT_PROVEN = "not_proven"
BEFORE_WINDOW = "before_window"


class Suspension(NamedTuple):
    """One rule or check that is not checked in one county for want of a dataset.

    `dataset` names a group of which any one would do joined by `;`. `reason` is `missing` (no snapshot of it, or of any of the group), `not_proven`
    (absence cannot be: the dataset is not fresh, not passed, or does not cover the county), or `before_window` (dated before the last day of the
    months without income).
    """

    rule: str
    county_code: str
    dataset: str
    reason: str


SUSPENSIONS = pa.schema([(name, pa.string()) for name in Suspension._fields])


def suspensions(policy: Policy, coverage: Coverage, as_of: date, names: Iterable[str]) -> list[Suspension]:
    """Every county of the region where a rule or check of `names` cannot be evaluated, and for want of what, sorted.

    A suspended rule neither raises nor resolves flags in the county. Source: rules.md "What each rule needs", identity.md "Absence must be proven".
    """
    last_day = number_date(policy.window(as_of).last_day)
    found = [
        Suspension(name, county, dataset, reason)
        for name in names
        for county in policy.region.counties
        for dataset, reason in _unmet(policy.needs(name), coverage, county, last_day)
    ]
    return sorted(found)


def unmet_anywhere(found: Iterable[Suspension], counties: Iterable[str]) -> set[str]:
    """The rules that are suspended in every county."""
    places: dict[str, set[str]] = {}
    for item in found:
        places.setdefault(item.rule, set()).add(item.county_code)
    return {rule for rule, suspended in places.items() if suspended >= set(counties)}


def write_suspensions(found: Iterable[Suspension], names: Iterable[str], target: Path) -> None:
    """Writes the suspensions of the rules or checks `names` to suspensions.parquet, sorted; those of others that it has already stay."""
    kept = pq.read_table(target).to_pylist() if target.is_file() else []
    rows = [item._asdict() for item in found] + [row for row in kept if row["rule"] not in set(names)]
    rows.sort(key=lambda row: (row["rule"], row["county_code"], row["dataset"]))
    with atomic_path(target) as beside:
        pq.write_table(pa.Table.from_pylist(rows, schema=SUSPENSIONS), beside, compression="zstd")


def _unmet(needs: Needs, coverage: Coverage, county: str, last_day: date) -> Iterator[tuple[str, str]]:
    for group in needs.presence:
        judged_below = len(group) == 1 and group[0] in needs.absence  # MC-04 finds its people and their absence on one roster
        if not judged_below and not any(coverage.present(dataset, county) for dataset in group):
            yield ";".join(group), MISSING
    for dataset in needs.absence:
        snapshot = coverage.snapshot(dataset, county)
        if not coverage.complete(dataset, county):
            yield dataset, NOT_PROVEN
        elif dataset in needs.after_window and snapshot is not None and snapshot < last_day:
            yield dataset, BEFORE_WINDOW
