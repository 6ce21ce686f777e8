"""What a night found against what the truth expects, rule by rule and check by check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.synthetic.texts import Texts, texts

Named = dict[str, dict[str, str]]
"""Per rule or check: subject -> county."""

_OF_RECORDS = ("ID-01", "ID-03", "ID-05")
"""Checks whose subject is a record: what they find follows from that row alone, whoever it is about."""
_COUNTS = ("expected", "found", "missing", "extra", "elsewhere", "expected_all", "found_all", "missing_all", "extra_all")
_NAME: pa.Field[Any] = pa.field("name", pa.string())
COLUMNS = pa.schema([_NAME, *(pa.field(name, pa.int64()) for name in _COUNTS)])


def compare(truth: Path, flags: pa.Table, mismatches: pa.Table) -> pa.Table:
    """Compares found flags (`rule`, `subject`, `county_code`) and mismatches (`check`, `subject`, `county_code`) with a province's truth folder.

    Gives one row per rule and check, by name: `expected`, `found`, `missing` and `extra` among the clean, where everyone concerned has a usable
    number on every record, so that nothing may be missing or extra; `elsewhere`, those found under another county than expected; and the same `_all`
    together with the others, of whom likeness finds what it can.
    """
    rows = [
        {
            "name": one.name,
            "expected": len(one.clean),
            "found": len(one.clean & one.found.keys()) + len(one.extra),
            "missing": len(one.missing),
            "extra": len(one.extra),
            "elsewhere": sum(one.found[subject] != one.expected[subject] for subject in one.clean & one.found.keys()),
            "expected_all": len(one.expected),
            "found_all": len(one.found),
            "missing_all": len(one.expected.keys() - one.found.keys()),
            "extra_all": len(one.found.keys() - one.expected.keys()),
        }
        for one in _sides(truth, flags, mismatches)
    ]
    return pa.Table.from_pylist(rows, schema=COLUMNS)


def differences(truth: Path, flags: pa.Table, mismatches: pa.Table) -> pa.Table:
    """The missing and the extra among the clean, one row each: `name`, `subject`, `difference` (missing, extra)."""
    rows = []
    for one in _sides(truth, flags, mismatches):
        for difference, subjects in (("missing", one.missing), ("extra", one.extra)):
            rows += [{"name": one.name, "subject": subject, "difference": difference} for subject in sorted(subjects)]
    return pa.Table.from_pylist(rows, schema=pa.schema([pa.field(name, pa.string()) for name in ("name", "subject", "difference")]))


@dataclass(frozen=True)
class _Sides:
    """One rule or check: subjects expected and found with their counties; which of the expected are clean; missing and extra among the clean."""

    name: str
    expected: dict[str, str]
    found: dict[str, str]
    clean: set[str]
    missing: set[str]
    extra: set[str]


def _sides(truth: Path, flags: pa.Table, mismatches: pa.Table) -> list[_Sides]:
    sides = []
    for file, column, table in (("flags", "rule", flags), ("mismatches", "check", mismatches)):
        expected, clean = _expected(truth, file, column)
        found = _named(table, column)
        sure = _clean_subjects(truth, {subject for subjects in found.values() for subject in subjects})
        for name in set(expected) | set(found):
            surplus = found[name].keys() - expected[name].keys()
            extra = surplus if name in _OF_RECORDS else surplus & sure
            sides.append(_Sides(name, expected[name], found[name], clean[name], clean[name] - found[name].keys(), extra))
    return sorted(sides, key=lambda one: one.name)


def _expected(truth: Path, file: str, column: str) -> tuple[Named, dict[str, set[str]]]:
    table = pq.read_table(truth / f"{file}.parquet", columns=[column, "subject", "county_code", "clean"])
    clean: dict[str, set[str]] = defaultdict(set)
    sure = table.filter(table["clean"])
    for row in sure.to_pylist():
        clean[row[column]].add(row["subject"])
    return _named(table, column), clean


def _named(table: pa.Table, column: str) -> Named:
    named: Named = defaultdict(dict)
    for row in table.to_pylist():
        named[row[column]][row["subject"]] = row["county_code"]
    return named


def _clean_subjects(truth: Path, subjects: set[str]) -> set[str]:
    """Those of the subjects that must be exactly as expected: clean persons and households, and grants, which speak of themselves.

    A record as the subject of a flag is somebody without a usable number.
    """
    clean = {subject for subject in subjects if subject.startswith("grant:")}
    persons = texts([subject.removeprefix("person:") for subject in subjects if subject.startswith("person:")])
    for table in _clean_rows(truth / "persons.parquet", ["person"], persons):
        clean |= {f"person:{text}" for text in table["person"].to_pylist()}
    numbers = texts([subject.split(":", 2)[2] for subject in subjects if subject.startswith("household:")])
    for table in _clean_rows(truth / "households.parquet", ["number", "dataset"], numbers):
        clean |= {f"household:{dataset}:{number}" for dataset, number in zip(table["dataset"].to_pylist(), table["number"].to_pylist(), strict=True)}
    return clean


def _clean_rows(path: Path, columns: list[str], values: Texts) -> Iterator[pa.Table]:
    """The clean rows whose first column is one of the values, row group by row group."""
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=[*columns, "clean"])
        yield table.filter(pc.and_(table["clean"], pc.is_in(table[columns[0]], values)))
