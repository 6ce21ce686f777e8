"""Whether a peer found what ours found. Where everyone concerned has a usable number on every record, flags and mismatches must be the same.

Ours keeps people without a valid number as persons of their own, which the peers do not; so the rest may differ, and only its size is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.floor.files import FILES
from pipelines.identity.numbers import number_of

Found = set[tuple[str, ...]]
OF_RECORDS = ("ID-01", "ID-03", "ID-05")
NOT_BY_PEERS = ("ID-02", "ID-06")
"""Checks that need readings and likeness of names."""


def agreement(truth: Path, workspace: Path, night: str, peer: Path) -> dict[str, int]:
    """Compares a `night` of ours with what a peer left in `peer`: found/ with flags, mismatches and records, and what else it keeps.

    Flags are compared by rule, subject, county and grade, mismatches by check, subject and county, checks of records by their counts per dataset,
    county and kind. Gives how many are the `same`, and how many `others`, of people who are not clean, are with one of the two alone; with
    them how many `lines` of quarantine and warnings and `cells` of evidence are the same, where the peer keeps these.
    Raises AssertionError with counts by rule where they differ on the clean, where the checks of records or the lines differ, and where a row names
    nobody.
    """
    ours, found = workspace / "nights" / night, peer / "found"
    flags = _found(ours / "flags.parquet", ["rule", "subject", "county_code", "grade"])
    mismatches = pq.read_table(ours / "mismatches.parquet", columns=["check", "subject", "county_code", "detail"])
    by_record = pc.is_in(mismatches["check"], pa.array(OF_RECORDS))
    left_out = pc.or_(by_record, pc.is_in(mismatches["check"], pa.array(NOT_BY_PEERS)))
    _all_named(mismatches, ours / "mismatches.parquet")
    mine = flags | set(_rows(mismatches.filter(pc.invert(left_out)).drop(["detail"])))
    theirs = _found(found / "flags.parquet") | _found(found / "mismatches.parquet")
    clean = clean_subjects(truth, *(folder / f"{name}.parquet" for folder in (ours, found) for name in ("flags", "mismatches")))
    clean -= _linked_to(ours / "links.parquet")
    _same({item for item in mine if _sure(item[1], clean)}, {item for item in theirs if _sure(item[1], clean)})
    counted = Counter(
        (row["check"], row["subject"].split(":")[1], row["county_code"], row["detail"] or "") for row in mismatches.filter(by_record).to_pylist()
    )
    counts = {(*row[:-1],): int(row[-1]) for row in _rows(pq.read_table(found / "records.parquet"))}
    _same({(*key, str(count)) for key, count in counted.items()}, {(*key, str(count)) for key, count in counts.items()})
    kept = {"lines": _same_lines(workspace, peer), "cells": _same_cells(clean, ours, found)} if (peer / "quarantine").is_dir() else {}
    return {"same": len(mine & theirs) + sum(counted.values()), "others": len(mine ^ theirs), **kept}


def _same_lines(workspace: Path, peer: Path) -> int:
    """The lines of quarantine and of warnings, of the files that the peer reads."""
    same = 0
    for kept, line in {"quarantine": "place", "warnings": "line"}.items():
        mine = f"SELECT file, line FROM read_parquet('{workspace}/{kept}/*/*/*.parquet', union_by_name = true)"
        theirs = f"SELECT file, {line}::VARCHAR FROM read_parquet('{peer}/{kept}/*.parquet', union_by_name = true)"
        same += _same_rows(kept, mine + f" WHERE file IN {tuple(file.name for files in FILES.values() for file in files.values())}", theirs)
    return same


def _same_cells(clean: set[str], ours: Path, found: Path) -> int:
    """The cells of evidence, by flag, dataset, file, line and field, of sure subjects."""
    sure = pa.table({"subject": pa.array(sorted(clean), pa.string())})
    cells = "SELECT rule, subject, dataset, file, line, field FROM '{}/evidence.parquet' SEMI JOIN sure USING (subject)"
    return _same_rows("evidence", cells.format(ours), cells.format(found), sure=sure)


def _same_rows(what: str, mine: str, theirs: str, **tables: pa.Table) -> int:
    """How many rows two queries both give; duplicates count once."""
    connection = duckdb.connect()
    for name, table in tables.items():
        connection.register(name, table)
    connection.execute(f"CREATE TABLE mine AS SELECT DISTINCT * FROM ({mine}); CREATE TABLE theirs AS SELECT DISTINCT * FROM ({theirs})")
    counts = [
        int(connection.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0])
        for query in ("FROM mine EXCEPT FROM theirs", "FROM theirs EXCEPT FROM mine", "FROM mine")
    ]
    if counts[0] or counts[1]:
        raise AssertionError(f"The peer does not keep what ours keeps of {what}: {counts[0]} rows missing, {counts[1]} extra.")
    return counts[2]


def _found(path: Path, columns: list[str] | None = None) -> Found:
    table = pq.read_table(path, columns=columns)
    _all_named(table, path)
    return set(_rows(table))


def _all_named(table: pa.Table, path: Path) -> None:
    nameless = table["subject"].null_count
    if nameless:
        raise AssertionError(f"{nameless} rows of {path} name no subject.")


def _rows(table: pa.Table) -> Iterable[tuple[str, ...]]:
    return zip(*(column.cast(pa.string()).to_pylist() for column in table.columns), strict=True)


def clean_subjects(truth: Path, *found: Path) -> set[str]:
    """Of the subjects of the tables `found` those that are clean: persons and households of whom every record carries a usable number."""
    query = f"""
        SELECT DISTINCT subject FROM read_parquet({[str(path) for path in found]}, union_by_name = true) SEMI JOIN (
            SELECT 'person:' || person AS subject FROM '{truth}/persons.parquet' WHERE clean
            UNION ALL SELECT 'household:' || dataset || ':' || number FROM '{truth}/households.parquet' WHERE clean
        ) AS clean USING (subject)"""
    return {subject for (subject,) in duckdb.connect().execute(query).fetchall()}


def _linked_to(links: Path) -> set[str]:
    """The persons to whom ours links a record by likeness, right or wrong: a peer knows their other records only."""
    people = pq.read_table(links, columns=["person"], filters=pc.field("link_basis") == "probable")["person"].unique().to_pylist()
    return {f"person:{number_of(person)}" for person in people if person > 0}


def _sure(subject: str, clean: set[str]) -> bool:
    return subject in clean or subject.startswith("grant:")


def _same(mine: Found, theirs: Found) -> None:
    if mine != theirs:
        missing, extra = (dict(sorted(Counter(item[0] for item in items).items())) for items in (mine - theirs, theirs - mine))
        raise AssertionError(f"The peer does not find what ours finds: missing {missing}, extra {extra}.")
