"""Writes benchmarks/spark.md from what was measured on a cluster and on DuckDB."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.spark_events import JOINS, Application, Stage
from benchmarks.spark_results import Measured

PROVINCE = 7_200_000
ENROLMENT_OF_PROVINCE, ENROLMENT_OF_NATION = 6.6e6, 1.3e9
CORES, CORE_MEMORY, BUSY = 16, 4, 0.6
"""A node of the extrapolation: its cores, GB of memory for each, and the share of the time in which they compute."""
HOURS = (1, 2, 4, 8)
PRICE = 5
"""Yuan for an hour of a node: the order of public clouds' list prices for 16 cores with 64 GB, assumed, not asked for."""
CELL = 300
"""Bytes of a cell of evidence in memory."""
LONGEST, MANY = 12, 1000
MB, PART_OF_SHUFFLE = 1e6, 64e6
FACTOR = ENROLMENT_OF_NATION / ENROLMENT_OF_PROVINCE
TRIED = Path(__file__).with_name("spark-tried.md")

TEXT = """\
# The night on a Spark cluster

Written by `python -m benchmarks.spark` on {date} at commit {commit}; do not edit. Machine: {machine}. {versions}.

The command `doudi run --engine spark://…` on a standalone cluster: a master and two workers, each a process of its own with one core, and a
driver, all on this machine; Spark's own settings but for memory and the parts of a shuffle (16, not 200). Beside it the same command on DuckDB, on
the same files in the same run. CPU seconds are those of all processes, the cluster's too. Load of the machine at the end: {load}.

## The same results

The benchmark fails unless every row of these tables is the same on both engines, value by value and in the same order. Rows compared:

{same}

## Time and memory

{times}

MB is the most that all processes held together: on Spark six Java machines (the driver, the master, two workers, two executors).

## How the work divides

From Spark's event log. **Tasks** counts the parts that stages were divided into; **skew** is the largest ratio, in any stage with more than a
thousand rows, of the rows in its largest task to those in the median one, apart for stages that read files and for those that read shuffles. The
parts of a union are tasks of one stage, so unlike datasets make a large ratio as well as a common key does: the log does not tell them apart. What it
costs is told by the longest task of all.

{parts}

The {queries} queries of the night at {largest} took {jobs} jobs. Joins, as they were carried out after Spark had seen how large their sides are
({broadcast_share} of them send the small side to every machine and move nothing else):

{joins}

The stages at {largest} that took longest:

{stages}

{tried}
## A nation, on paper

A nation has 66 million people of low income on its lists, and 1.3 billion enrolled in basic medical insurance. The synthetic province has
{enrolment_province:,.1f} million enrolment rows, so a nation is {factor:,.0f} of it; at {rows_province:,.1f} million rows each that makes
{rows_nation:,.2f} thousand million rows, the 66 million among them.

{arithmetic}

{nodes}

Yuan at {price} a node-hour, which is assumed: put your own price. The nodes need no disks of their own but for shuffles. All this is drawn from two
single runs a factor of ten apart and prolonged {beyond:,.0f}-fold along a straight line. The line is too kind: at 1/10 Spark joins {sorted_more}
times more by shuffles than at 1/100, for sides that pass its 10 MB, and shuffles fetched grew {fetched_growth:,.0f}-fold where shuffles written grew
{written_growth:,.0f}-fold, because one shuffled side is fetched again by each join that reuses it. More joins will turn so between 1/10 and a nation.
Take the figures for the least, not for a forecast.

### What would break first

{breaks}
"""


def write_page(target: Path, results: Sequence[Measured]) -> None:
    """Writes the page of results, the smallest size first."""
    joins = sum((result.events.joins() for result in results[-1:] if result.events), Counter[str]())
    broadcast = sum(count for name, count in joins.items() if name.startswith("broadcast"))
    text = TEXT.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        commit=results[-1].commit,
        machine=f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}",
        versions=f"Spark {version('pyspark')}, DuckDB {version('duckdb')}, Ibis {version('ibis-framework')}",
        load=", ".join(f"{one:.1f}" for one in psutil.getloadavg()),
        same=_same(results),
        times=_times(results),
        parts=_parts(results[-1]),
        broadcast_share=f"{broadcast / max(sum(joins.values()), 1):.0%}",
        joins=_table(["join", "times"], [[name, f"{joins[name]:,}"] for name in JOINS.values() if joins[name]]),
        largest=_size(results[-1]),
        stages=_stages(results[-1]),
        tried=TRIED.read_text(encoding="utf-8") + "\n" if TRIED.is_file() else "",
        queries=f"{len(_events(results[-1]).queries):,}",
        jobs=f"{_events(results[-1]).jobs:,}",
        price=PRICE,
        sorted_more=_events(results[-1]).joins()["shuffled, sorted"] - _events(results[0]).joins()["shuffled, sorted"],
        fetched_growth=_growth(results, lambda stage: stage.shuffle_read),
        written_growth=_growth(results, lambda stage: stage.shuffle_written),
        beyond=PROVINCE / results[-1].people * FACTOR,
        enrolment_province=ENROLMENT_OF_PROVINCE / 1e6,
        factor=FACTOR,
        rows_province=_rows_of_province(results) / 1e6,
        rows_nation=_rows_of_province(results) * FACTOR / 1e9,
        arithmetic=_arithmetic(results),
        nodes=_nodes(results),
        breaks=_breaks(results[-1]),
    )
    target.write_text(text, encoding="utf-8")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _size(result: Measured) -> str:
    return f"1/{PROVINCE // result.people}"


def _same(results: Sequence[Measured]) -> str:
    return _table(["table", *map(_size, results)], [[name, *(f"{result.same[name]:,}" for result in results)] for name in results[-1].same])


def _times(results: Sequence[Measured]) -> str:
    head = ["", *(f"{_size(result)} {engine} {unit}" for result in results for engine in ("DuckDB", "Spark") for unit in ("s", "CPU s", "MB"))]
    parts = list(dict.fromkeys(part for result in results for run in (result.duckdb, result.spark) if run for part in run.parts))
    rows = []
    for part in [*parts, "night"]:
        row = [f"**{part}**" if part == "night" else part]
        for result in results:
            for run in (result.duckdb, result.spark):
                assert run is not None
                usage = run.total if part == "night" else run.parts.get(part)
                row += [f"{usage.seconds:,.0f}", f"{usage.cpu:,.0f}", f"{usage.memory:,.0f}"] if usage else ["", "", ""]
        rows.append(row)
    return _table(head, rows)


def _parts(result: Measured) -> str:
    counted, moved = ("stages", "tasks", "seconds in tasks", "CPU s in tasks"), ("MB read", "MB shuffled", "MB spilled")
    head = ["", *counted, *moved, "skew, files", "skew, shuffles", "longest task s"]
    names = list(dict.fromkeys(part for _, part in result.began))
    rows = [[name, *_figures(result.part(name))] for name in names if result.part(name).stages]
    assert result.events is not None
    return _table(head, [*rows, ["**night**", *_figures(result.events)]])


def _figures(part: Application) -> list[str]:
    stages = part.stages
    many = [one for one in stages if sum(one.rows) > MANY]
    skews = [max((one.skew for one in many if bool(one.read) == files), default=1.0) for files in (True, False)]
    moved = [sum(one.read for one in stages), sum(one.shuffle_written for one in stages), sum(one.spilled for one in stages)]
    spent = [len(stages), sum(len(one.seconds) for one in stages), sum(sum(one.seconds) for one in stages), sum(one.cpu for one in stages)]
    longest = max(max(one.seconds) for one in stages)
    return [*(f"{one:,.0f}" for one in spent), *(f"{one / MB:,.1f}" for one in moved), *(f"{one:,.1f}" for one in (*skews, longest))]


def _stages(result: Measured) -> str:
    assert result.events is not None
    begun = dict.fromkeys(part for _, part in result.began)
    placed: list[tuple[str, Stage]] = [(part, stage) for part in begun for stage in result.part(part).stages]
    placed.sort(key=lambda one: -sum(one[1].seconds))
    rows = []
    for part, one in placed[:LONGEST]:
        figures = [len(one.seconds), sum(one.rows), one.read / MB, one.shuffle_read / MB, one.shuffle_written / MB, one.spilled / MB, one.peak / MB]
        rows.append([part, f"{sum(one.seconds):,.1f}", *(f"{figure:,.0f}" for figure in figures), f"{one.skew:.1f}"])
    head = ["during", "seconds in tasks", "tasks", "rows", "MB read", "MB fetched", "MB shuffled", "MB spilled", "MB held at most", "skew"]
    return _table(head, rows)


def _rows_of_province(results: Sequence[Measured]) -> float:
    return results[-1].rows * PROVINCE / results[-1].people


def _slope(results: Sequence[Measured]) -> float:
    """CPU seconds on Spark for each million rows more."""
    less, more = results[0], results[-1]
    assert less.spark is not None
    assert more.spark is not None
    return (more.spark.total.cpu - less.spark.total.cpu) / (more.rows - less.rows) * 1e6


def _events(result: Measured) -> Application:
    assert result.events is not None
    return result.events


def _growth(results: Sequence[Measured], size: Callable[[Stage], int]) -> float:
    """How many times as much the largest size makes of something as the smallest."""
    less, more = (sum(size(stage) for stage in _events(result).stages) for result in (results[0], results[-1]))
    return more / max(less, 1)


def _core_hours(results: Sequence[Measured]) -> float:
    return _slope(results) * _rows_of_province(results) * FACTOR / 1e6 / 3600


def _arithmetic(results: Sequence[Measured]) -> str:
    less, more = results[0], results[-1]
    assert less.spark is not None
    assert more.spark is not None
    stages, slope, nation = _events(more).stages, _slope(results), _rows_of_province(results) * FACTOR
    sizes = [[one.shuffle_written for one in stages], [one.shuffle_read for one in stages], [one.read for one in stages]]
    moved, fetched, read = (sum(each) / more.rows for each in sizes)
    spilled = sum(one.spilled for one in stages) / MB
    shuffled, billions, rows = moved * nation, f"{nation / 1e9:.2f} thousand million", (more.rows - less.rows) / 1e6
    fixed, held = less.spark.total.cpu - slope * less.rows / 1e6, max(one.peak for one in stages)
    return f"""\
- CPU: ({more.spark.total.cpu:,.0f} − {less.spark.total.cpu:,.0f}) CPU s for {rows:.2f} million rows more are {slope:,.0f} CPU s a million rows;
  the {fixed:,.0f} CPU s at which that line meets no rows drop out.
  {slope:,.0f} × {nation / 1e6:,.0f} million rows / 3600 = {_core_hours(results):,.0f} core-hours.
- Shuffles: {moved:,.0f} bytes a delivered row × {billions} = {shuffled / 1e12:,.2f} TB written, and {fetched:,.0f} bytes a row,
  {fetched * nation / 1e12:,.1f} TB, fetched; in parts of
  {PART_OF_SHUFFLE / MB:,.0f} MB, to which Spark merges, {shuffled / PART_OF_SHUFFLE:,.0f} tasks. `spark.sql.shuffle.partitions`, 200 unless set,
  has to stand at the parts of the largest single shuffle.
- That is the least: sides that are small here and sent to every machine (Spark's bound is 10 MB) hold up to 66 million people there, and will be
  shuffled. If none were small, what stages read from files would move as well: {read:,.0f} bytes a row, {read * nation / 1e12:,.1f} TB more.
- Memory: {CORE_MEMORY} GB for each core. Here no task held more than {held / MB:,.0f} MB, and {spilled:,.0f} MB were spilled."""


def _nodes(results: Sequence[Measured]) -> str:
    rows = []
    for hours in HOURS:
        nodes = -(-_core_hours(results) // (hours * BUSY * CORES))
        figures = [nodes, nodes * CORES, nodes * CORES * CORE_MEMORY, nodes * hours, nodes * hours * PRICE]
        rows.append([f"{hours} h", *(f"{figure:,.0f}" for figure in figures)])
    return _table([f"night in ({BUSY:.0%} of the cores' time used)", f"nodes of {CORES} cores", "cores", "GB of memory", "node-hours", "yuan"], rows)


def _breaks(result: Measured) -> str:
    nation = PROVINCE / result.people * FACTOR
    million = {name: rows * nation / 1e6 for name, rows in result.same.items()}
    cells, found = million["mismatch_evidence"], million["flags"] + million["mismatches"]
    return f"""\
1. **The driver's memory, while checks are made.** What a check found is collected there to be worded: {cells:,.0f} million cells of evidence, at some
   {CELL} bytes {cells * CELL / 1e3:,.0f} GB; of one province {cells * CELL / 1e3 / FACTOR:,.2f} GB.
2. **Names.** The distinct names of everybody, and those of {million["links"]:,.0f} million records without a valid number, are folded and read by the
   driver's Python, one process.
3. **The ledger.** {found:,.0f} million flags and mismatches and {cells + million["evidence"]:,.0f} million cells of evidence pass into one
   PostgreSQL in one transaction, which is measured for a province ([README.md](README.md)).
4. **Landing.** One process of one machine decodes a file. A national file has to come in parts (`_part1` …), landed where they arrive.
5. **Common names and dates.** Blocks of more than 200,000 pairs are not compared, so no common key can stop a night; but with {FACTOR:,.0f} times the
   namesakes more blocks pass that bound, and fewer links are found. Within a province the bound keeps its sense.
6. **Small files.** A table is written as a file a task, and whoever reads it lists them: past some 10,000 files the listing takes minutes.

All six say the same: a nation is a night for each province on one cluster, with one question asked across them: who is covered elsewhere. That needs
no more than the numbers of the covered, at 8 bytes each."""
