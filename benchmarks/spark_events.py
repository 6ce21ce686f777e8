"""What Spark's own event log says of an application: its stages with their tasks, shuffles and spills, and the joins of its queries."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

_SQL = "org.apache.spark.sql.execution.ui.SparkListenerSQL"
JOINS = {
    "BroadcastHashJoin": "broadcast",
    "SortMergeJoin": "shuffled, sorted",
    "ShuffledHashJoin": "shuffled, hashed",
    "BroadcastNestedLoopJoin": "broadcast, every pair",
    "CartesianProduct": "every pair",
}
"""Spark's joins, and what each does with the rows of its sides."""


@dataclass
class Stage:
    """A stage that ran: when it was submitted (seconds since 1970), and of its tasks the seconds and rows of each, and what they moved in bytes."""

    submitted: float = 0.0
    seconds: list[float] = field(default_factory=list)
    cpu: float = 0.0
    rows: list[int] = field(default_factory=list)
    read: int = 0
    shuffle_read: int = 0
    shuffle_written: int = 0
    spilled: int = 0
    peak: int = 0

    @property
    def skew(self) -> float:
        """The rows of the largest task over those of the median one; 1 where there is one task, or none has rows."""
        return max(self.rows) / max(median(self.rows), 1) if len(self.rows) > 1 and any(self.rows) else 1.0


@dataclass
class Query:
    """A query as it ran: when it was submitted, how often each kind of node stands in its final plan, and the seconds that it took."""

    submitted: float
    nodes: Counter[str]
    seconds: float = 0.0


@dataclass(frozen=True)
class Application:
    """An application: its stages and queries in the order in which they were submitted, and how many jobs they made."""

    stages: list[Stage]
    queries: list[Query]
    jobs: int

    def during(self, begun: float, ended: float) -> Application:
        """The part that was submitted between two moments."""
        stages = [one for one in self.stages if begun <= one.submitted < ended]
        return Application(stages, [one for one in self.queries if begun <= one.submitted < ended], 0)

    def joins(self) -> Counter[str]:
        """How many joins the queries made, by JOINS."""
        return Counter({JOINS[name]: count for name, count in self._nodes().items() if name in JOINS})

    def _nodes(self) -> Counter[str]:
        return sum((query.nodes for query in self.queries), Counter())


def read_events(folder: Path) -> Application:
    """The only application whose event log lies in `folder`, as JSON lines in one file. Raises ValueError for any other number of them."""
    logs = [path for path in folder.iterdir() if path.is_file()]
    if len(logs) != 1:
        raise ValueError(f"{len(logs)} event logs lie in {folder} where one is wanted; empty the folder before each run.")
    with logs[0].open(encoding="utf-8") as lines:
        return _application(json.loads(line) for line in lines)


def _application(events: Iterable[Mapping[str, Any]]) -> Application:
    stages: dict[tuple[int, int], Stage] = defaultdict(Stage)
    queries: dict[int, Query] = {}
    jobs = 0
    for event in events:
        kind = event["Event"].removeprefix(_SQL)
        if kind == "SparkListenerJobStart":
            jobs += 1
        elif kind == "SparkListenerStageSubmitted":
            info = event["Stage Info"]
            stages[info["Stage ID"], info["Stage Attempt ID"]].submitted = info["Submission Time"] / 1000
        elif kind == "SparkListenerTaskEnd" and event.get("Task Metrics"):
            _add_task(stages[event["Stage ID"], event["Stage Attempt ID"]], event["Task Metrics"])
        elif kind == "ExecutionStart":
            queries[event["executionId"]] = Query(event["time"] / 1000, Counter(_nodes(event["sparkPlanInfo"])))
        elif kind == "AdaptiveExecutionUpdate" and event["executionId"] in queries:
            queries[event["executionId"]].nodes = Counter(_nodes(event["sparkPlanInfo"]))
        elif kind == "ExecutionEnd" and event["executionId"] in queries:
            query = queries[event["executionId"]]
            query.seconds = event["time"] / 1000 - query.submitted
    ran = sorted((stage for stage in stages.values() if stage.seconds), key=lambda stage: stage.submitted)
    return Application(ran, sorted(queries.values(), key=lambda query: query.submitted), jobs)


def _add_task(stage: Stage, metrics: Mapping[str, Any]) -> None:
    shuffled, written, read = metrics["Shuffle Read Metrics"], metrics["Shuffle Write Metrics"], metrics["Input Metrics"]
    stage.seconds.append(metrics["Executor Run Time"] / 1000)
    stage.cpu += metrics["Executor CPU Time"] / 1e9
    stage.rows.append(read["Records Read"] + shuffled["Total Records Read"])
    stage.read += read["Bytes Read"]
    stage.shuffle_read += shuffled["Remote Bytes Read"] + shuffled["Local Bytes Read"]
    stage.shuffle_written += written["Shuffle Bytes Written"]
    stage.spilled += metrics["Disk Bytes Spilled"]
    stage.peak = max(stage.peak, metrics["Peak Execution Memory"])


def _nodes(plan: Mapping[str, Any]) -> Iterator[str]:
    yield plan["nodeName"].split(" ")[0].split("(")[0]
    for child in plan["children"]:
        yield from _nodes(child)
