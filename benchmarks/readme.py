"""Writes benchmarks/README.md and its chart from what was measured."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import altair
import pandas as pd
import psutil

from benchmarks.results import FLOOR, PANDAS, Measured
from benchmarks.stage import NIGHT, STAGES, START

CHART = "growth.svg"
PROVINCE = 7_200_000
VERSIONS = ("duckdb", "ibis-framework", "pandas", "pyarrow", "great-expectations", "sqlalchemy")
NAMES = {FLOOR: "floor (DuckDB SQL)", PANDAS: "pandas"}

TEXT = """\
# How fast a night is

Written by `{command}` on {date} at commit {commit}; do not edit. Machine: {machine}. {versions}.

A synthetic province of {province:,} people at {sizes}, with the formats, encodings and defects that departments deliver, is matched as of 2020-07-31.
Ours runs each stage in a process of its own; two peers do by hand what of it they can, on the same files in the same run, for machines are noisy and
only ratios travel. Seconds are wall time, MB the most memory that all processes of a step held at once (the embedded PostgreSQL too). What stands
under {small} is the median of {runs} runs. Load of the machine at the end: {load}; where that is above its cores, CPU seconds say more than seconds.

{inputs}

## Our night

{stages}

Every process begins with {start:.1f} s of imports, which a night in one process pays once.

{growth}

![Time and memory over people]({chart})

## Against the same work by hand

{peers}

{parts}

### Ratios

{ratios}

**Read so**: 1.5 × the floor means that ours takes half as long again as hand-written SQL; 0.1 × pandas that it takes a tenth of the script's time.

## Who the peers are

- [`floor/`](floor/): the night as DuckDB SQL for exactly these files: every column typed and every ID number read, one Parquet file a dataset, then
  facts, all 17 flag rules and 16 of the 18 mismatch checks. DuckDB reads neither GB18030 nor workbooks without extensions from the network, so some
  lines of Python bring those files to UTF-8 first; that counts.
- [`pandas_night/`](pandas_night/): the same as an analyst would write it with pandas 2.3, in memory, without loops over rows. Check characters are
  computed on arrays of digits and only odd numbers meet Python functions, which few analysts would do: it is a quick script of its kind.

Both know by heart what ours reads from contracts and policy: which file is in force, its encoding, header, and how it writes dates. Neither finds
headers and formats, keeps what it leaves out (quarantine, warnings, source lines), judges a delivery, proves absence county by county, names people
without a valid number, gathers evidence, folds or reads names (ID-02, ID-06), publishes or reports. So the ratios bound what that costs, too.

The benchmark fails unless both peers find what ours finds about everyone whose records all carry a usable number, and the same count of every kind of
defect in records. The same are:

{agreed}
"""


def write_readme(folder: Path, results: Sequence[Measured], command: str) -> None:
    """Writes README.md and the chart to `folder`; `results` are ordered by size."""
    chart(results).save(folder / CHART)
    first, last = results[0], results[-1]
    text = TEXT.format(
        command=command,
        date=datetime.now(UTC).date().isoformat(),
        commit=commit(folder),
        machine=machine(),
        versions=f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in VERSIONS),
        province=PROVINCE,
        sizes=" and ".join(_share(result) for result in results),
        runs=first.runs,
        small=_share(first),
        load=", ".join(f"{load:.1f}" for load in os.getloadavg()),
        inputs=inputs(results),
        stages=stages(results),
        start=last.ours[START].seconds,
        growth=growth(results),
        chart=CHART,
        peers=peers(results),
        parts=parts(results),
        ratios=ratios(results),
        agreed=agreed(results),
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def commit(folder: Path) -> str:
    """The commit that was measured, with `-dirty` where files differ from it."""
    told = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=folder, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def machine() -> str:
    """Cores, processor and memory."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "unknown")
    return f"{os.cpu_count()} cores of {model}, {psutil.virtual_memory().total / 2**30:.0f} GB, {platform.system()}"


def inputs(results: Sequence[Measured]) -> str:
    """What was delivered at each size."""
    rows = [
        [f"{_share(one)}: {one.people:,}", f"{one.rows:,}", f"{one.megabytes:,.0f}", f"{one.made.seconds:,.1f}", f"{one.made.memory:,.0f}"]
        for one in results
    ]
    return _table(["people", "rows delivered", "MB delivered", "s to make them", "MB to make them"], rows)


def stages(results: Sequence[Measured]) -> str:
    """Time, CPU time and memory of each stage and size."""
    names = [START, *STAGES]
    spans = results[0].spans()
    rows = []
    for name in (*names, *spans):
        cells = [f"**{name}**" if name in spans else name]
        for one in results:
            usage = (one.ours | one.spans())[name]
            cells += [_seconds(usage.seconds), _seconds(usage.cpu), f"{usage.memory:,.0f}"]
        rows.append(cells)
    return _table(["stage", *(f"{_share(one)} {unit}" for one in results for unit in ("s", "CPU s", "MB"))], rows)


def growth(results: Sequence[Measured]) -> str:
    """How CPU time grows from each size to the next, split into what a night costs however small and what each person adds."""
    titles = {name: name for name in ("delivered files to flags", NIGHT)}
    rows = []
    for small, large in pairwise(results):
        floor = 0.0
        for name, title in (NAMES | titles).items():
            before, after = ((one.spans() | one.peers)[name].cpu for one in (small, large))
            each = (after - before) / (large.people - small.people)
            floor = floor or each
            cells = [f"{_share(small)} to {_share(large)}", title, f"{after / before:.1f} ×", _seconds(max(before - each * small.people, 0))]
            rows.append([*cells, _seconds(each * 1e6), f"{each / floor:.1f} ×"])
    return _table(["growth", "of", "CPU time grows", "CPU s however few people", "CPU s per million people", "of that, over the floor's"], rows, 2)


def peers(results: Sequence[Measured]) -> str:
    """Time and memory of ours, as far as the peers go, and of the peers."""
    rows = []
    for name in ("delivered files to flags", *NAMES):
        cells = [NAMES.get(name, "ours")]
        for one in results:
            usage = (one.spans() | one.peers)[name]
            cells += [_seconds(usage.seconds), _seconds(usage.cpu), f"{usage.memory:,.0f}"]
        rows.append(cells)
    return _table(["delivered files to flags", *(f"{_share(one)} {unit}" for one in results for unit in ("s", "CPU s", "MB"))], rows)


def parts(results: Sequence[Measured]) -> str:
    """Where the peers spend their time, at the largest size."""
    last = results[-1]
    said = [f"{NAMES[peer]}: " + ", ".join(f"{name} {_seconds(seconds)}" for name, seconds in found.items()) for peer, found in last.parts.items()]
    return f"Seconds of the peers' parts at {_share(last)}: " + "; ".join(said) + "."


def ratios(results: Sequence[Measured]) -> str:
    """Our time over the peers'."""
    rows = []
    for name in results[0].spans():
        cells = [name]
        for one in results:
            cells += [f"{one.spans()[name].seconds / one.peers[peer].seconds:.2f} ×" for peer in NAMES]
        rows.append(cells)
    return _table(["ours over the peer's whole work", *(f"{_share(one)} {NAMES[peer]}" for one in results for peer in NAMES)], rows)


def agreed(results: Sequence[Measured]) -> str:
    """How much the peers and ours have in common."""
    rows = [[_share(one), NAMES[peer], f"{found['same']:,}", f"{found['others']:,}"] for one in results for peer, found in one.agreed.items()]
    return _table(["people", "peer", "found by both", "by one alone, about people whose numbers fail somewhere"], rows, 2)


def chart(results: Sequence[Measured]) -> altair.HConcatChart:
    """Seconds and MB over people, both axes logarithmic, a line for ours up to the flags, our whole night, and each peer."""
    lines = {NIGHT: "our whole night", "delivered files to flags": "ours, to flags", **NAMES}
    rows = []
    for one in results:
        usages = one.spans() | one.peers
        rows += [{"people": one.people, "line": line, "seconds": usages[name].seconds, "MB": usages[name].memory} for name, line in lines.items()]
    base = altair.Chart(pd.DataFrame(rows)).encode(
        x=altair.X("people:Q", scale=altair.Scale(type="log"), axis=altair.Axis(values=[one.people for one in results], format=",d")),
        color=altair.Color("line:N", title=None, sort=list(lines.values())),
    )
    panels = [base.mark_line(point=True).encode(y=altair.Y(f"{unit}:Q", scale=altair.Scale(type="log"))) for unit in ("seconds", "MB")]
    return altair.hconcat(*(panel.properties(width=320, height=260) for panel in panels))


def _share(result: Measured) -> str:
    return "the whole" if result.people >= PROVINCE else f"1/{PROVINCE // result.people}"


def _seconds(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A table whose first `words` columns are text."""
    rule = [*(["---"] * words), *(["---:"] * (len(head) - words))]
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)]
    return "\n".join(lines)
