"""What the benchmark of the night on Spark finds."""

from __future__ import annotations

from dataclasses import dataclass, field

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
