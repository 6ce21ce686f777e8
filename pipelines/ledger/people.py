"""Who a night's flags and mismatches are about: `persons.parquet`; and who is covered or has died: `status.parquet`, which says why flags go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.facts import DATASETS, Facts
from pipelines.identity.tokens import Tokens
from pipelines.workspace import atomic_path

NAMING = ("flags", "flag_members", "evidence", "mismatches", "mismatch_evidence")
DETAILS = ("name", "phone", "sex", "birth_date", "county_code", "township", "village")
COVERED, DECEASED = "covered", "deceased"
_SEPARATOR = "\x1f"
_TEXTS = ("token", "id_number", "name", "phone", "sex", "county_code", "township", "village")
_TYPES: dict[str, pa.DataType] = {"person": pa.int64(), "birth_year": pa.int32(), **dict.fromkeys(_TEXTS, pa.string())}
_SCHEMA = pa.schema(_TYPES)


def write_people(facts: Facts, tokens: Tokens, folder: Path) -> None:
    """Writes two files into the night's folder, after flags and mismatches have been evaluated there.

    persons.parquet, grain person named by a flag, a mismatch or a cell of evidence: `person`, `token`, `id_number` (null without a valid one),
    `name`, `phone`, `sex`, `birth_year`, `county_code`, `township`, `village`: each the first known, in the order of the datasets, files and lines.
    status.parquet: `person`, `status` (covered, deceased) of everyone with a valid number.
    """
    engine = facts.records.engine
    named = engine.table(_named(folder))
    known = facts.records.subjects(named)
    rows = engine.arrow(known.left_join(_details(facts, named), "person").drop("person_right").order_by("person")).to_pylist()
    persons: list[dict[str, Any]] = [
        {
            "person": row["person"],
            "token": tokens.of_number(row["id_number"]) if row["id_number"] else tokens.of_record(row["dataset"], row["natural_key"]),
            "id_number": row["id_number"],
            **{name: value.rsplit(_SEPARATOR, 1)[1] if (value := row[name]) is not None else None for name in DETAILS},
        }
        for row in rows
    ]
    for person in persons:
        born = person.pop("birth_date")
        number = person["id_number"]
        person["birth_year"] = int(number[6:10]) if number else int(born[:4]) if born else None
    _write(pa.Table.from_pylist(persons, schema=_SCHEMA), folder / "persons.parquet")
    people = (facts.covered.select("person", status=ibis.literal(COVERED)), facts.deceased.select("person", status=ibis.literal(DECEASED)))
    status = people[0].union(people[1])
    _write(engine.arrow(status.filter(status.person > 0).order_by("person", "status")), folder / "status.parquet")


def _named(folder: Path) -> pa.Table:
    tables = [pq.read_table(folder / f"{name}.parquet", columns=["person"]) for name in NAMING]
    named = pa.concat_tables(tables).group_by("person").aggregate([])
    return named.filter(pc.is_valid(named["person"]))


def _details(facts: Facts, named: ir.Table) -> ir.Table:
    """Per person the first known value of every detail, behind its place in the order, which makes the least text the first."""
    parts = []
    for rank, dataset in enumerate(DATASETS):
        if dataset in facts.records:
            rows = facts.records[dataset].semi_join(named, "person")
            place = ibis.literal(f"{rank:02}{_SEPARATOR}").concat(
                rows.file, _SEPARATOR, rows.line_no.cast("string").lpad(12, "0"), rows.member_no.cast("string").lpad(4, "0"), _SEPARATOR
            )
            parts.append(rows.select("person", **{name: place.concat(rows[name].cast("string")) for name in DETAILS}))
    if not parts:
        kinds: dict[str, pa.DataType] = dict.fromkeys(DETAILS, pa.string())
        kinds["person"] = pa.int64()
        return ibis.memtable(pa.schema(kinds).empty_table())
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return every.group_by("person").agg(**{name: every[name].min() for name in DETAILS})


def _write(table: pa.Table, target: Path) -> None:
    with atomic_path(target) as beside:
        pq.write_table(table, beside, compression="zstd")
