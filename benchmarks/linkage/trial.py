"""One tool on one set, in a process of its own: what every tool's module runs. Imports nothing that one of the tools' Pythons may lack.

The set lies in a folder: `left.parquet`, and where two files are linked `right.parquet`, each with the column ID. The tool writes `found.parquet`
(`one`, `other`, `score`: the pairs that it takes for one person, and how sure it is) and `told.json` beside them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ID = "rec_id"
LIKELY = 0.5
"""A pair at least as likely as this counts as one person, with every tool."""


def files(folder: Path) -> list[Path]:
    """The one or two files of a set."""
    return [path for path in (folder / "left.parquet", folder / "right.parquet") if path.exists()]


def trial(link: Callable[[Path], pa.Table], packages: Sequence[str]) -> None:
    """Runs `link` on the folder that the command line names and writes what it finds, with seconds, CPU seconds, peak MB and versions of `packages`.

    Time runs from the files to the pairs in memory; imports are done by then. Memory is the most that the process ever held, imports included.
    """
    folder = Path(sys.argv[1])
    before, begun = os.times(), time.perf_counter()
    found = link(folder)
    seconds, after = time.perf_counter() - begun, os.times()
    pq.write_table(found, folder / "found.parquet")
    told: dict[str, Any] = {
        "seconds": seconds,
        "cpu": after.user + after.system - before.user - before.system,
        "memory": _peak(),
        "versions": {name: version(name) for name in packages},
    }
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


def _peak() -> float:
    """The most memory that this process has held, MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    held = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(held.split()[1]) / 1024
