"""Writes benchmarks/README.md and its chart from what was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import altair
import pandas as pd
import psutil

from benchmarks.goals import goals
from benchmarks.measure import START, Usage
from benchmarks.ours import STAGES
from benchmarks.results import FLOOR, LIMITED, NIGHT, ONLY_CORE, PANDAS, POLARS, SECOND, WHOLE, WITH_LAND, Measured

CHART = "growth.svg"
PROVINCE = 7_200_000
VERSIONS = ("duckdb", "ibis-framework", "polars", "pandas", "pyarrow", "great-expectations", "sqlalchemy")
NAMES = {FLOOR: "floor (DuckDB SQL)", POLARS: "Polars", PANDAS: "pandas 2.3"}
CELLS: dict[str, Callable[[Usage], str]] = {
    "s": lambda usage: _seconds(usage.seconds),
    "CPU s": lambda usage: _seconds(usage.cpu),
    "MB": lambda usage: f"{usage.process:,.0f}",
}

TEXT = """\
# How fast a night is

Written by `{command}` on {date} at commit {commit}; do not edit. Machine: {machine}. {versions}.

A synthetic province of {province:,} people at {sizes}, with the formats, encodings and defects that departments deliver, is matched as of 2020-07-31.
Ours is the command `doudi run`; the peers do the same by hand, on the same files in the same run, for machines are noisy and only ratios travel.
Seconds are wall time; CPU seconds are those of all processes; MB is the most memory that any one process held (its resident pages, so files that it
maps count too). What stands under {small} is the median of {runs} run(s), the rest one run. Load of the machine at the end: {load}; where that is
above its cores, CPU seconds say more than seconds.

## Goals

{goals}

Our part of a ratio has the start of its process. It begins with landed rows, while the peers begin with the delivered files; the lines with landing
are the stricter ones. Mismatch checks count on both sides or on neither. Ratios are of seconds.
{more}

## What was delivered

{inputs}

## Our night

{stages}

Links by ID are made while conforming, which reads the number that is the person; what stands under that name is the choice of the files in force.
`names` is whom the flags name, with their tokens, for the ledger. The most that all processes held at once, the embedded PostgreSQL too: {together}.

## Growth

{growth}

![Seconds and MB over people](growth.svg)

## In 2 GB, and the night after

The same night with `--memory 2GB`, which bounds the engine; and the night of the next day, for which two of the fifteen departments' files are
delivered again without one row in two hundred, and nothing else is new.

{variants}

## Against the same work by hand

{peers}

{parts}

| ours over the peer's, at {large} | {peer_names} |
| --- | {rule} |
{ratios}

**Read so**: 1.5 × the floor means that ours takes half as long again as hand-written SQL; 0.1 × pandas that it takes a tenth of the script's time.

### Who the peers are

{who}

### The same results

The benchmark fails unless every peer finds what ours finds about everyone whose records all carry a usable number (flags with county and grade,
mismatches, and cell by cell the evidence of flags, by file, line and field), the same count of every kind of defect in records, and the same lines of
quarantine and warnings. The same are:

{agreed}

Speed never changes results: at 1/10 the night is compared with the one that the code before all optimising made of the same deliveries
([`reference.json`](reference.json), made by `python -m benchmarks.reference`): {reference}.
"""

WHO = """\
- [`floor/`](floor/): the night as DuckDB SQL for exactly these files. Cleaning types every column and reads every ID number, one Parquet file a
  dataset, with the line that each row stands on, the rows that lack a required value as a quarantine, and every optional value that cannot be read as
  a warning. Over that: facts, all 17 flag rules, suspended where a dataset that they need was not delivered for the county, with the cells that prove
  each flag and the absences that it rests on, and 16 of the 18 mismatch checks. DuckDB reads neither GB18030 nor workbooks without extensions from
  the network, so some lines of Python bring those files to UTF-8 first; that counts.
- [`polars_night/`](polars_night/): the best by hand that we could make with anything on one machine. Polars reads and cleans to the same files; the
  floor's own SQL does the rest, for nothing joins faster here than DuckDB.
- [`pandas_night/`](pandas_night/): as an analyst writes it with pandas 2.3, in memory: columns are converted by pandas' own functions, ID numbers by
  a Python function a row. It keeps flags and mismatches, but no lines, quarantine, warnings or evidence.

All know by heart what ours reads from contracts and policy: which file is in force, its encoding, header, and how it writes dates. None of them finds
headers and formats, says how it repaired a number, folds names (ID-02, ID-06), keeps the records of people without a valid
number apart as persons of their own, doubts an absence because a record of the person may hide in the quarantine or the review queue, or
says which people a flag's household has. That is part of our figures, and the ratios hold it against us. Our checks also show the cells behind every
mismatch and count what they looked at."""


def write_readme(folder: Path, results: Sequence[Measured], command: str) -> None:
    """Writes README.md and the chart to `folder`; `results` are ordered by size."""
    chart(results).save(folder / CHART)
    first, last = results[0], results[-1]
    text = TEXT.format(
        command=command,
        date=datetime.now(UTC).date().isoformat(),
        commit=last.commit,
        machine=machine(),
        versions=f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in VERSIONS),
        province=PROVINCE,
        sizes=", ".join(_share(result) for result in results),
        small=_share(first),
        large=_share(last),
        runs=len(first.runs[NIGHT]),
        load=", ".join(f"{load:.1f}" for load in os.getloadavg()),
        goals=_table(["goal", "wanted", "measured", "at", "reached"], [[*goal[:3], _share(goal[3]), goal[4]] for goal in goals(results)], 2),
        more=more(folder),
        inputs=inputs(results),
        stages=stages(results),
        together="; ".join(f"{_share(one)} {one.total(NIGHT).memory:,.0f} MB" for one in results),
        growth=growth(results),
        variants=variants(results),
        peers=peers(results),
        parts=parts(last),
        peer_names=" | ".join(NAMES.values()),
        rule=" | ".join(["---:"] * len(NAMES)),
        ratios=ratios(last),
        who=WHO,
        agreed=agreed(results),
        reference=next((one.reference for one in results if one.reference), "not compared in this run"),
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def machine() -> str:
    """Cores, processor and memory."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "unknown")
    return f"{os.cpu_count()} cores of {model}, {psutil.virtual_memory().total / 2**30:.0f} GB, {platform.system()}"


def more(folder: Path) -> str:
    """The pages beside this one, by their titles. What has none is part of another page."""
    firsts = {path.name: path.read_text(encoding="utf-8").splitlines()[0] for path in sorted(folder.glob("*.md"))}
    links = [f"[{first.removeprefix('# ')}]({name})" for name, first in firsts.items() if name != "README.md" and first.startswith("# ")]
    return f"Other pages: {', '.join(links)}." if links else ""


def inputs(results: Sequence[Measured]) -> str:
    """What was delivered at each size."""
    rows = [
        [f"{_share(one)}: {one.people:,}", f"{one.rows:,}", f"{one.megabytes:,.0f}", _seconds(one.made.seconds), f"{one.made.process:,.0f}",
         f"{one.found['flags']:,}", f"{one.found['mismatches']:,}"]
        for one in results
    ]  # fmt: skip
    return _table(["people", "rows delivered", "MB delivered", "s to make them", "MB to make them", "flags", "mismatches"], rows)


def stages(results: Sequence[Measured]) -> str:
    """Time, CPU time and memory of each stage and size."""
    names = dict.fromkeys([START, *STAGES.values()])
    rows = [[name, *_cells(one.part(NIGHT, name) for one in results)] for name in names]
    rows += [[f"**{name}**", *_cells(one.spans()[name] for one in results)] for name in (ONLY_CORE, WITH_LAND, WHOLE)]
    return _table(["stage", *_heads(results)], rows)


def growth(results: Sequence[Measured]) -> str:
    """How seconds grow from each size to the next."""
    rows = []
    for small, large in pairwise(results):
        for name in (ONLY_CORE, WHOLE, *NAMES):
            before, after = (one.total(name) if name in NAMES else one.spans()[name] for one in (small, large))
            cells = [f"{_share(small)} to {_share(large)}", NAMES.get(name, f"ours: {name}"), f"{after.seconds / before.seconds:.1f} ×"]
            rows.append([*cells, f"{after.cpu / before.cpu:.1f} ×", f"{after.process / before.process:.1f} ×"])
    return _table(["growth", "of", "seconds", "CPU s", "MB"], rows, 2)


def variants(results: Sequence[Measured]) -> str:
    """The other nights beside the first."""
    done = [one for one in results if LIMITED in one.runs]
    rows = [[name, *_cells(one.total(name) for one in done)] for name in (NIGHT, LIMITED, SECOND)]
    return _table(["night", *_heads(done)], rows)


def peers(results: Sequence[Measured]) -> str:
    """Time and memory of ours, as far as the peers go, and of the peers."""
    rows = [[f"ours: {name}", *_cells(one.spans()[name] for one in results)] for name in (ONLY_CORE, WITH_LAND)]
    rows += [[title, *_cells(one.total(name) for one in results)] for name, title in NAMES.items()]
    return _table(["delivered files to flags", *_heads(results)], rows)


def parts(last: Measured) -> str:
    """Where the peers spend their time, at the largest size."""
    said = []
    for peer, title in NAMES.items():
        each = last.runs[peer][0].parts.items()
        said.append(f"{title}: " + ", ".join(f"{part} {_seconds(usage.seconds)}" for part, usage in each))
    return f"Seconds of the peers' parts at {_share(last)}: " + "; ".join(said) + "."


def ratios(last: Measured) -> str:
    """Our time over the peers'."""
    rows = ([span, *(f"{last.ratio(span, peer):.2f} ×" for peer in NAMES)] for span in last.spans())
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def agreed(results: Sequence[Measured]) -> str:
    """How much the peers and ours have in common."""
    kinds = {
        "same": "flags and mismatches of both", "others": "of one alone, about people whose numbers fail somewhere",
        "lines": "lines of quarantine and warnings", "cells": "cells of evidence",
    }  # fmt: skip
    rows = [
        [_share(one), NAMES[peer], *(f"{found[kind]:,}" if kind in found else "–" for kind in kinds)]
        for one in results
        for peer, found in one.agreed.items()
    ]
    return _table(["people", "peer", *kinds.values()], rows, 2)


def chart(results: Sequence[Measured]) -> altair.HConcatChart:
    """Seconds and MB over people, both axes logarithmic, a line for our core, our whole night, and each peer."""
    rows = []
    for one in results:
        lines = {"ours, whole night": one.total(NIGHT), f"ours, {ONLY_CORE}": one.spans()[ONLY_CORE]}
        lines |= {title: one.total(peer) for peer, title in NAMES.items()}
        rows += [{"people": one.people, "line": line, "seconds": usage.seconds, "MB": usage.process} for line, usage in lines.items()]
    base = altair.Chart(pd.DataFrame(rows)).encode(
        x=altair.X("people:Q", scale=altair.Scale(type="log"), axis=altair.Axis(values=[one.people for one in results], format=",d")),
        color=altair.Color("line:N", title=None, sort=list(dict.fromkeys(row["line"] for row in rows))),
    )
    panels = [base.mark_line(point=True).encode(y=altair.Y(f"{unit}:Q", scale=altair.Scale(type="log"))) for unit in ("seconds", "MB")]
    return altair.hconcat(*(panel.properties(width=320, height=260) for panel in panels))


def _heads(results: Sequence[Measured]) -> list[str]:
    return [f"{_share(one)} {unit}" for one in results for unit in CELLS]


def _cells(usages: Iterable[Usage]) -> list[str]:
    return [cell(usage) for usage in usages for cell in CELLS.values()]


def _share(result: Measured) -> str:
    return "the whole" if result.people >= PROVINCE else f"1/{PROVINCE // result.people}"


def _seconds(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A table whose first `words` columns are text."""
    rule = [*(["---"] * words), *(["---:"] * (len(head) - words))]
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)]
    return "\n".join(lines)
