"""What the benchmark of the night on Spark finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import Run
from benchmarks.spark_events import Application


@dataclass
class Measured:
    """One size: the rows delivered, the run of each engine, the part of the night that began at each moment, what Spark logged, and the rows of
    each of TABLES, which are the same on both engines."""

    people: int
    commit: str
    rows: int = 0
    duckdb: Run | None = None
    spark: Run | None = None
    began: list[tuple[float, str]] = field(default_factory=list)
    events: Application | None = None
    same: dict[str, int] = field(default_factory=dict)

    def part(self, name: str) -> Application:
        """What Spark logged of a part of the night."""
        assert self.events is not None
        found = Application([], [], 0)
        for (begun, part), (ended, _) in zip(self.began, [*self.began[1:], (float("inf"), "")], strict=True):
            if part == name:
                more = self.events.during(begun, ended)
                found = Application([*found.stages, *more.stages], [*found.queries, *more.queries], 0)
        return found


def night_table(path: Path) -> pa.Table:
    """A table of a night, one file or a folder of them, in the order in which Spark numbers these.

    That a column is never null is left out: Spark writes it into the file where it knows, DuckDB never does.
    """
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    table = pa.concat_tables([pq.read_table(part) for part in parts]).combine_chunks()
    return table.cast(pa.schema([pa.field(column.name, column.type) for column in table.schema]))
