"""Publishes 300 000 made-up flags with evidence, fills the ledger to a million, opens one township's list out of it; writes publishing.md."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import event

from benchmarks.measure import Usage, measured
from benchmarks.run import commit
from pipelines.identity.numbers import number_of
from pipelines.identity.tokens import open_tokens
from pipelines.ledger import queries
from pipelines.ledger.database import Ledger
from pipelines.ledger.night_files import NightFiles
from pipelines.ledger.publish import publish
from pipelines.policy import Policy, load_policy
from pipelines.rules.checks.gather import DENOMINATORS, EVIDENCE, MISMATCHES
from pipelines.rules.suspension import SUSPENSIONS
from pipelines.workspace import Workspace, date_number, open_workspace

HERE = Path(__file__).parent
DATA = HERE / "data" / "publishing"
FIRST, SECOND = date(2020, 7, 30), date(2020, 7, 31)
FLAGS, FILLED = 300_000, 1_000_000
CELLS = 16
"""Cells of evidence a flag, as a synthetic province has on average."""
TOWNSHIPS = 11
"""Townships a county: 242 in all."""
RULES = {"MC-06": "disability_certificates", "SV-03": "dibao", "UI-01": "migrant_workers"}
PAGE = """# Publishing a million flags

Written by `python -m benchmarks.publishing` on {date} at commit {commit}; do not edit. Machine: {machine}. Load at the end: {load}.

Made-up night files go through the product's own publishing into the embedded PostgreSQL: one transaction a night, rows by COPY. MB is the most that
one process held; times are of the whole process, with its start, the server's start and its checkpoint at the end.

| | flags | cells of evidence | s | CPU s | MB |
| --- | ---: | ---: | ---: | ---: | ---: |
| first night, into an empty ledger | {flags:,} | {cells:,} | {first.seconds:.1f} | {first.cpu:.1f} | {first.process:,.0f} |
| the same files again: nothing to do | {flags:,} | {cells:,} | {again.seconds:.1f} | {again.cpu:.1f} | {again.process:,.0f} |
| next night: the same, and {added:,} new ones of one cell each | {filled:,} | {all_cells:,} | {second.seconds:.1f} | {second.cpu:.1f} \
| {second.process:,.0f} |

The ledger's folder then holds {size:,.0f} MB.

## The list of one township

Out of {filled:,} standing flags, `queries.flags(county=…, township=…)` gives the {rows:,} of one township. The median of nine runs:
{statement_ms:.1f} ms for the statement, {call_ms:.1f} ms for the whole call, which opens and masks every name.

```
{plan}
```
"""


def main() -> None:
    """Runs the benchmark and writes its page; with a workspace and a date, publishes that night."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publishing", description=__doc__)
    parser.add_argument("--publish", nargs=2, metavar=("WORKSPACE", "DATE"), help="only publish this night")
    parser.add_argument("--flags", type=int, default=FLAGS)
    parser.add_argument("--filled", type=int, default=FILLED)
    parser.add_argument("--keep", action="store_true", help="leave the ledger and the nights in place")
    arguments = parser.parse_args()
    if arguments.publish:
        publish_one(open_workspace(Path(arguments.publish[0])), date.fromisoformat(arguments.publish[1]))
        return
    shutil.rmtree(DATA, ignore_errors=True)
    workspace = open_workspace(DATA)
    make_night(workspace, FIRST, arguments.flags, 0)
    first, again = usage_of(workspace, FIRST), usage_of(workspace, FIRST)
    make_night(workspace, SECOND, arguments.flags, arguments.filled - arguments.flags)
    second = usage_of(workspace, SECOND)
    size = sum(path.stat().st_size for path in workspace.ledger.rglob("*") if path.is_file()) / 2**20
    facts: dict[str, Any] = {
        "date": datetime.now(UTC).date(),
        "commit": commit(),
        "machine": f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}",
        "load": ", ".join(f"{load:.1f}" for load in os.getloadavg()),
        "flags": arguments.flags,
        "filled": arguments.filled,
        "added": arguments.filled - arguments.flags,
        "cells": arguments.flags * CELLS,
        "all_cells": arguments.flags * CELLS + arguments.filled - arguments.flags,
    }
    (HERE / "publishing.md").write_text(
        PAGE.format(**facts, **township_list(workspace), first=first, again=again, second=second, size=size), encoding="utf-8"
    )
    if not arguments.keep:
        shutil.rmtree(DATA)


def usage_of(workspace: Workspace, as_of: date) -> Usage:
    """What publishing a night takes, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.publishing", "--publish", str(workspace.root), as_of.isoformat()]
    return measured(command, workspace.root / "publish.log").total


def publish_one(workspace: Workspace, as_of: date) -> None:
    """Publishes one of the nights made here."""
    with Ledger.open(workspace) as ledger:
        publish(ledger, NightFiles(workspace.night(as_of), as_of, policy(workspace), "benchmark"))


def township_list(workspace: Workspace) -> dict[str, Any]:
    """How long the list of a township takes, and the plan of its statement."""
    county, township = places(policy(workspace))[7]
    with Ledger.open(workspace) as ledger:
        ran: list[tuple[str, Any, float]] = []
        with statements(ledger, ran):
            whole = []
            for _ in range(9):
                begun = time.perf_counter()
                rows = len(queries.flags(ledger, SECOND, county=county, township=township))
                whole.append(time.perf_counter() - begun)
        listing = [(statement, values, seconds) for statement, values, seconds in ran if "flag_versions" in statement]
        with ledger.transaction() as connection:
            told = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {listing[0][0]}", listing[0][1]).scalars()
            plan = "\n".join(told)
    seconds = median(seconds for _, _, seconds in listing)
    return {"rows": rows, "statement_ms": 1000 * seconds, "call_ms": 1000 * median(whole), "plan": plan}


@contextmanager
def statements(ledger: Ledger, ran: list[tuple[str, Any, float]]) -> Iterator[None]:
    """Keeps every statement that runs meanwhile with its parameters and its seconds."""

    def before(_connection: Any, _cursor: Any, statement: str, values: Any, context: Any, _many: bool) -> None:
        context.begun = time.perf_counter()

    def after(_connection: Any, _cursor: Any, statement: str, values: Any, context: Any, _many: bool) -> None:
        ran.append((statement, values, time.perf_counter() - context.begun))

    event.listen(ledger.engine, "before_cursor_execute", before)
    event.listen(ledger.engine, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(ledger.engine, "before_cursor_execute", before)
        event.remove(ledger.engine, "after_cursor_execute", after)


def policy(workspace: Workspace) -> Policy:
    return load_policy(workspace.settings.policy)


def places(policy: Policy) -> list[tuple[str, str]]:
    """Every county with its townships."""
    return [(county, f"{policy.region.counties[county]}第{number}镇") for county in policy.region.counties for number in range(1, TOWNSHIPS + 1)]


def make_night(workspace: Workspace, as_of: date, proven: int, others: int) -> None:
    """Writes a night of made-up people on the address code 640199, one flag each: `proven` with CELLS cells of evidence, `others` with one."""
    folder, rules = workspace.night(as_of), policy(workspace)
    folder.mkdir(parents=True, exist_ok=True)
    count = proven + others
    order = np.arange(count)
    person = 64019900000000000 + (19400101 + order // 999) * 1000 + order % 999
    numbers = [number_of(int(one)) for one in person]
    at = order % len(places(rules))
    rule = np.array(list(RULES))[order % len(RULES)]
    told = rules.rules
    place = {name: pa.array([where[side] for where in places(rules)]).take(pa.array(at)) for side, name in enumerate(("county_code", "township"))}
    name, subject = pc.binary_join_element_wise("马", pa.array(order % 9973).cast(pa.string()), ""), pa.array([f"person:{one}" for one in numbers])
    village = pa.array([f"第{one}村" for one in order // 242 % 7])
    key = {"rule": pa.array(rule), "subject": subject, "county_code": place["county_code"]}
    own = {"person": pa.array(person), "township": place["township"], "village": village, "name": name}
    words = {word: pa.array([getattr(told[one], word) for one in rule]) for word in ("family", "grade", "clause", "action")}
    fixed = {"subject_kind": "person", "state": "open", "link_basis": "id", "partial": False}
    absent = dict.fromkeys(("household", "household_dataset"), pa.nulls(count, pa.string()))
    flags = key | own | words | {column: pa.repeat(value, count) for column, value in fixed.items()} | absent
    _write(folder, "flags", pa.table(flags))
    _write(folder, "flag_members", pa.table(key | {"person": own["person"]}))
    cells = np.concatenate([np.repeat(order[:proven], CELLS), order[proven:]])
    seq = np.concatenate([np.tile(np.arange(CELLS), proven), np.zeros(others, int)]).astype("int32")
    of = pa.table(key | {"person": own["person"]}).take(pa.array(cells))
    said = {
        "seq": pa.array(seq),
        "dataset": pa.array([RULES[one] for one in rule]).take(pa.array(cells)),
        "snapshot": pa.repeat(pa.scalar(date_number(FIRST), pa.int32()), len(cells)),
        "file": pa.repeat("made_up_20200730.csv", len(cells)),
        "line": pa.array(cells + 2).cast(pa.string()),
        "field": pa.array([f"field_{number}" for number in range(CELLS)]).take(pa.array(seq)),
        "value": pa.array(cells * 31 % 100_003).cast(pa.string()),
        "shows": pa.repeat("cover", len(cells)),
    }
    _write(folder, "evidence", pa.table({name: of[name] for name in of.column_names} | said))
    tokens = open_tokens(workspace)
    known = {"token": [tokens.of_number(one) for one in numbers], "id_number": numbers, "name": name, "phone": pa.repeat("13900000000", count)}
    known |= {"sex": pa.repeat("1", count), "birth_year": pa.array(person // 10**7 % 10**4).cast(pa.int32())}
    _write(folder, "persons", pa.table(known | place | {"person": own["person"], "village": village}))
    for file, schema in (("mismatches", MISMATCHES), ("mismatch_evidence", EVIDENCE), ("denominators", DENOMINATORS), ("suspensions", SUSPENSIONS)):
        _write(folder, file, schema.empty_table())
    truths = dict.fromkeys(("fresh", "passed", "covered", "complete", "late"), pa.bool_())
    texts = dict.fromkeys(("dataset", "county_code", "file", "note"), pa.string())
    numeric = {"snapshot": pa.int32(), "age_days": pa.int32(), "rows": pa.int64(), "quarantined": pa.int64()}
    _write(folder, "coverage", pa.schema([*truths.items(), *texts.items(), *numeric.items()]).empty_table())


def _write(folder: Path, name: str, table: pa.Table) -> None:
    pq.write_table(table, folder / f"{name}.parquet", compression="zstd")


if __name__ == "__main__":
    main()
