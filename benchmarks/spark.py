"""Measures the night on a Spark standalone cluster beside DuckDB, checks that both find the same, and writes benchmarks/spark.md.

`python -m benchmarks.spark`: 1/100 and 1/10 of a province; a master and two workers on this machine, each with one core.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import ours
from benchmarks.measure import measured
from benchmarks.ours import AS_OF
from benchmarks.run import HERE, commit, province, say
from benchmarks.spark_cluster import spark_cluster
from benchmarks.spark_events import read_events
from benchmarks.spark_page import write_page
from benchmarks.spark_results import Measured, night_table

SIZES = (72_000, 720_000)
DRIVER, EXECUTOR, PARTS = "2g", "1536m", "16"
"""Memory of the driver and of each executor, and the parts of a shuffle, which Spark merges where they are small."""
TABLES = ("flags", "evidence", "flag_members", "mismatches", "mismatch_evidence", "links", "queue", "persons", "status", "denominators")


def main() -> None:
    """The benchmark. Ends with an AssertionError where the engines differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__)
    parser.add_argument("--people", type=int, nargs="*", default=SIZES, help="the sizes; the page is written for the usual ones alone")
    sizes = parser.parse_args().people
    results = [measure(people) for people in sizes]
    if tuple(sizes) == SIZES:
        write_page(HERE / "spark.md", results)


def measure(people: int) -> Measured:
    """The night of a province of so many people on both engines."""
    data, _ = province(people)
    work = data / "spark"
    shutil.rmtree(work, ignore_errors=True)
    result = Measured(people, commit())
    duckdb, spark = (ours.workspace(data, work / engine) for engine in ("duckdb", "spark"))
    say(f"{people:,} people on DuckDB")
    result.duckdb = measured(_night(duckdb), work / "duckdb.log", ours.stage_of)
    shutil.copytree(duckdb / "keys", spark / "keys")
    events = work / "events"
    events.mkdir()
    logged = {"spark.eventLog.enabled": "true", "spark.eventLog.rolling.enabled": "false", "spark.eventLog.compress": "false"}
    settings = {"spark.driver.memory": DRIVER, "spark.sql.shuffle.partitions": PARTS, "spark.eventLog.dir": events.as_uri(), **logged}
    say(f"{people:,} people on Spark")
    with spark_cluster(work / "cluster", memory=EXECUTOR, settings=settings) as (master, conf):
        os.environ["SPARK_CONF_DIR"] = str(conf)
        result.spark = measured(_night(spark, "--engine", master), work / "spark.log", _noting(result.began))
    result.events = read_events(events)
    result.rows = sum(file["rows"] for file in json.loads((duckdb / "nights" / AS_OF.isoformat() / "run.json").read_text(encoding="utf-8"))["files"])
    result.same = {name: same_rows(name, duckdb, spark) for name in TABLES}
    say(f"DuckDB {result.duckdb.total}, Spark {result.spark.total}, the same: {result.same}")
    shutil.rmtree(work)
    return result


def _night(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "pipelines.cli", "run", "--as-of", AS_OF.isoformat(), "--workspace", str(folder), "--dry-run", *options]


def _noting(began: list[tuple[float, str]]) -> Callable[[str], str | None]:
    """The marks of a night that also note when each part began."""

    def mark(line: str) -> str | None:
        part = ours.stage_of(line)
        if part:
            began.append((time.time(), part))
        return part

    return mark


def same_rows(name: str, duckdb: Path, spark: Path) -> int:
    """How many rows a night's table has. Fails unless Spark's are DuckDB's, each value and in the same order."""
    one, other = (night_table(folder / "nights" / AS_OF.isoformat() / f"{name}.parquet") for folder in (duckdb, spark))
    assert one.equals(other), f"{name} of Spark is not that of DuckDB"
    return one.num_rows


if __name__ == "__main__":
    main()
