"""Which counties a night's datasets cover: the table that says what could be checked, and where an absence can be proven."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.workspace import atomic_path, number_date

COLUMNS: dict[str, pa.DataType] = {
    "dataset": pa.string(),
    "county_code": pa.string(),
    "snapshot": pa.int32(),
    "age_days": pa.int32(),
    "fresh": pa.bool_(),
    "passed": pa.bool_(),
    "covered": pa.bool_(),
    "complete": pa.bool_(),
    "late": pa.bool_(),
    "rows": pa.int64(),
    "quarantined": pa.int64(),
    "file": pa.string(),
    "note": pa.string(),
}


@dataclass(frozen=True)
class CoverageRow:
    """One dataset in one county of the region.

    `snapshot` (yyyymmdd) is the date of the snapshot in force, None when there is none; `passed`: it passed its critical expectations;
    `covered`: a good snapshot serves the county; `complete`: covered, passed and fresh; `late`: the delivery that was due is not there;
    `rows`: delivered rows that count, of which `quarantined` are in quarantine; `file`: its bare names joined by `;`; `note`: sentences for people.
    """

    dataset: str
    county_code: str
    snapshot: int | None
    age_days: int | None
    fresh: bool
    passed: bool
    covered: bool
    complete: bool
    late: bool
    rows: int
    quarantined: int
    file: str | None
    note: str


class Coverage:
    """Look-ups in a night's coverage. A dataset or county that the table does not name is neither present nor complete."""

    def __init__(self, rows: Iterable[CoverageRow]) -> None:
        self.rows = sorted(rows, key=lambda row: (row.dataset, row.county_code))
        self._by_place = {(row.dataset, row.county_code): row for row in self.rows}

    def row(self, dataset: str, county: str) -> CoverageRow | None:
        """The row of one dataset and county."""
        return self._by_place.get((dataset, county))

    def complete(self, dataset: str, county: str) -> bool:
        """Whether absence from the dataset can be proven in the county: a snapshot in force covers it, passed its expectations and is fresh."""
        row = self.row(dataset, county)
        return row is not None and row.complete

    def present(self, dataset: str, county: str) -> bool:
        """Whether a snapshot of the dataset is in force for the county, however old."""
        return self.snapshot(dataset, county) is not None

    def snapshot(self, dataset: str, county: str) -> date | None:
        """The date of the snapshot in force."""
        row = self.row(dataset, county)
        return number_date(row.snapshot) if row is not None and row.snapshot is not None else None

    def delivered(self, dataset: str) -> bool:
        """Whether any county has a snapshot of the dataset in force."""
        return any(row.snapshot is not None for row in self.rows if row.dataset == dataset)

    def to_parquet(self, path: Path) -> Path:
        """Writes the table, ordered by dataset and county, atomically; gives `path`."""
        names = [field.name for field in fields(CoverageRow)]
        table = pa.Table.from_pylist([dict(zip(names, astuple(row), strict=True)) for row in self.rows], schema=pa.schema(COLUMNS))
        with atomic_path(path) as beside:
            pq.write_table(table, beside, compression="zstd")
        return path

    @classmethod
    def from_parquet(cls, path: Path) -> Coverage:
        """What `to_parquet` wrote."""
        return cls(CoverageRow(**row) for row in pq.read_table(path).to_pylist())
