"""A night in memory: records in force as identity gives them, from plain values, typed by the data contracts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.contracts import Contract, load_contracts
from pipelines.engine import Engine, open_engine
from pipelines.extracts.coverage import Coverage, CoverageRow
from pipelines.facts import DATASETS, Facts
from pipelines.policy import Policy, load_policy
from pipelines.rules.evaluate import rules_of
from pipelines.workspace import DEFAULT_POLICY, PROJECT, number_date

AS_OF = date(2020, 7, 31)
COUNTY = "640323"
SNAPSHOT = 20200731
_ARROW = {"month": pa.int32(), "date": pa.int32(), "money": pa.int64(), "int": pa.int64(), "bool": pa.bool_()}
_COMMON = {
    "file": pa.string(),
    "line": pa.string(),
    "line_no": pa.int64(),
    "member_no": pa.int32(),
    "snapshot": pa.int32(),
    "county_code": pa.string(),
    "township": pa.string(),
    "village": pa.string(),
    "phone": pa.string(),
    "sex": pa.string(),
    "birth_date": pa.int32(),
    "id_number": pa.string(),
    "id_status": pa.string(),
    "id_birth_date": pa.int32(),
    "id_sex": pa.string(),
    "name_folded": pa.string(),
    "person": pa.int64(),
    "link_basis": pa.string(),
}


@cache
def contracts() -> dict[str, Contract]:
    return load_contracts(PROJECT / "schemas")


def policy_with(**sections: dict[str, Any]) -> Policy:
    """The policy in force with other values in some sections."""
    document = policy().document
    parts = {name: getattr(document, name).model_copy(update=values) for name, values in sections.items()}
    return Policy(document.model_copy(update=parts), "test")


@cache
def policy() -> Policy:
    return load_policy(DEFAULT_POLICY)


def number(person: int) -> int:
    """The 17 digits of the person of that order, born on 1980-01-01."""
    return 64019919800101000 + person


def born(day: int, sequence: int = 1) -> int:
    """The 17 digits of a person born on a day yyyymmdd."""
    return 640199_00000000_000 + day * 1000 + sequence


class Night:
    """The records of a night: `Night(dibao=[{...}], ...)`; a value that a row does not give is empty, its place is COUNTY, its snapshot the night's.

    A row names its person by `person`, 17 digits or a negative number. `quarantined` and `queued` give persons by dataset.
    """

    def __init__(
        self, *, quarantined: dict[str, list[int]] | None = None, queued: dict[str, list[int]] | None = None, **datasets: Iterable[dict[str, Any]]
    ) -> None:
        self.engine: Engine = open_engine("duckdb", threads=1)
        self._tables = {dataset: self._table(dataset, list(rows)) for dataset, rows in datasets.items()}
        self._quarantined, self._queued = quarantined or {}, queued or {}

    def __getitem__(self, dataset: str) -> ir.Table:
        return self._tables[dataset]

    def __contains__(self, dataset: object) -> bool:
        return dataset in self._tables

    def quarantined(self, dataset: str) -> ir.Table:
        return _people(self._quarantined.get(dataset, []))

    def queued(self, dataset: str) -> ir.Table:
        return _people(self._queued.get(dataset, []))

    def subjects(self, people: ir.Table) -> ir.Table:
        rows = [table.select("person", "file", "line", dataset=ibis.literal(name)) for name, table in self._tables.items()]
        first = ibis.union(*rows) if len(rows) > 1 else rows[0]
        first = first.semi_join(people, "person")
        first = first.group_by("person").agg(dataset=first.dataset.min(), file=first.file.min(), line=first.line.min())
        record = ibis.literal("record:").concat(first.dataset, ":", first.file, ":", first.line)
        subject = ibis.ifelse(first.person > 0, ibis.literal("person:").concat(first.person.cast("string"), "X"), record)
        return first.mutate(subject=subject, id_number=ibis.null("string"))

    def _table(self, dataset: str, rows: list[dict[str, Any]]) -> ir.Table:
        types = dict(_COMMON) | {
            name: _ARROW.get(field.type, pa.string()) for name, field in contracts()[dataset].fields.items() if name not in _COMMON
        }
        filled = [
            {
                "file": f"{dataset}.csv",
                "line": str(line),
                "line_no": line,
                "member_no": 0,
                "snapshot": SNAPSHOT,
                "county_code": COUNTY,
                "township": "花马池镇",
                "name": "马明",
                "link_basis": "id" if row.get("person", 0) > 0 else "none",
                "id_status": "valid" if row.get("person", 0) > 0 else "missing",
                **row,
            }
            for line, row in enumerate(rows, 2)
        ]
        unknown = {name for row in filled for name in row} - set(types)
        assert not unknown, unknown
        for row in filled:
            row.setdefault("name_folded", row["name"])
        return self.engine.connection.create_table(dataset, pa.Table.from_pylist(filled, schema=pa.schema(list(types.items()))))


def facts(night: Night, as_of: date = AS_OF, in_force: Policy | None = None) -> Facts:
    return Facts(night, in_force or policy(), as_of)


def everywhere(night: Night, **other: dict[str, int | None]) -> Coverage:
    """The night's datasets in force everywhere with its snapshot date, but for `other`: by dataset the date (None: no snapshot) of a county.

    A snapshot is fresh for 45 days.
    """
    rows = []
    for dataset in DATASETS:
        for county in policy().region.counties:
            day = other.get(dataset, {}).get(county, SNAPSHOT if dataset in night else None)
            age = (AS_OF - number_date(day)).days if day else None
            fresh = age is not None and age <= 45
            rows.append(CoverageRow(dataset, county, day, age, fresh, bool(day), bool(day), fresh, False, 1, 0, f"{dataset}.csv", ""))
    return Coverage(rows)


def raised(night: Night, rule: str, **how: Any) -> dict[int, str]:
    """The persons for whom a rule holds, with their county."""
    found = rules_of(facts(night, **how))[rule]().execute()
    return {int(person): county for person, county in zip(found.person, found.county_code, strict=True)}


def households(night: Night, rule: str, **how: Any) -> dict[tuple[str, str], str | None]:
    """The households for which a rule holds, by number and county, with the grade that is not the rule's own."""
    found = rules_of(facts(night, **how))[rule]().execute()
    return {(number, county): grade for number, county, grade in zip(found.household, found.county_code, found.grade, strict=True)}


def persons(table: ir.Table) -> set[int]:
    """The persons of a table, each of which must stand there once."""
    found: list[int] = table.person.execute().tolist()
    assert len(found) == len(set(found))
    return set(found)


def _people(found: list[int]) -> ir.Table:
    return ibis.memtable(pa.table({"person": pa.array(found, pa.int64())}))
