"""Whether a peer found what ours found. Where everyone concerned has a usable number on every record, flags and mismatches must be the same.

Ours keeps people without a valid number as persons of their own, which the peers do not; so the rest may differ, and only its size is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Found = set[tuple[str, ...]]
OF_RECORDS = ("ID-01", "ID-03", "ID-05")
NOT_BY_PEERS = ("ID-02", "ID-06")
"""Checks that need readings and likeness of names."""


def agreement(truth: Path, ours: Path, peer: Path) -> dict[str, int]:
    """Compares `ours`, a night's folder, with `peer`, a folder with flags, mismatches and records as Parquet.

    Flags are compared by rule, subject, county and grade, mismatches by check, subject and county, checks of records by their counts per dataset,
    county and kind. Gives how many are the `same`, and how many `others`, of people who are not clean, are with one of the two alone.
    Raises AssertionError with counts by rule where they differ on the clean, where the checks of records differ, and where a row names nobody.
    """
    flags = _found(ours / "flags.parquet", ["rule", "subject", "county_code", "grade"])
    mismatches = pq.read_table(ours / "mismatches.parquet", columns=["check", "subject", "county_code", "detail"])
    by_record = pc.is_in(mismatches["check"], pa.array(OF_RECORDS))
    left_out = pc.or_(by_record, pc.is_in(mismatches["check"], pa.array(NOT_BY_PEERS)))
    _all_named(mismatches, ours / "mismatches.parquet")
    mine = flags | set(_rows(mismatches.filter(pc.invert(left_out)).drop(["detail"])))
    theirs = _found(peer / "flags.parquet") | _found(peer / "mismatches.parquet")
    clean = clean_subjects(truth)
    _same({item for item in mine if _sure(item[1], clean)}, {item for item in theirs if _sure(item[1], clean)})
    counted = Counter(
        (row["check"], row["subject"].split(":")[1], row["county_code"], row["detail"] or "") for row in mismatches.filter(by_record).to_pylist()
    )
    counts = {(*row[:-1],): int(row[-1]) for row in _rows(pq.read_table(peer / "records.parquet"))}
    _same({(*key, str(count)) for key, count in counted.items()}, {(*key, str(count)) for key, count in counts.items()})
    return {"same": len(mine & theirs) + sum(counted.values()), "others": len(mine ^ theirs)}


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


def clean_subjects(truth: Path) -> set[str]:
    """The subjects that are clean: persons and households of whom every record carries a usable number."""
    people = pq.read_table(truth / "persons.parquet", columns=["person", "clean"])
    homes = pq.read_table(truth / "households.parquet", columns=["dataset", "number", "clean"])
    homes = homes.filter(homes["clean"])
    subjects = {f"person:{number}" for number in people.filter(people["clean"])["person"].to_pylist()}
    return subjects | {
        f"household:{dataset}:{number}" for dataset, number in zip(homes["dataset"].to_pylist(), homes["number"].to_pylist(), strict=True)
    }


def _sure(subject: str, clean: set[str]) -> bool:
    return subject in clean or subject.startswith("grant:")


def _same(mine: Found, theirs: Found) -> None:
    if mine != theirs:
        missing, extra = (dict(sorted(Counter(item[0] for item in items).items())) for items in (mine - theirs, theirs - mine))
        raise AssertionError(f"The peer does not find what ours finds: missing {missing}, extra {extra}.")
