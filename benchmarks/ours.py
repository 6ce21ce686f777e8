"""Our night as a benchmark runs it: the command that operators run, and its stages as it tells them."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from datetime import date
from pathlib import Path

from benchmarks.measure import START, Run, measured

AS_OF, NEXT = date(2020, 7, 31), date(2020, 8, 1)
RULES = "facts and rules"
STAGES = {
    "land": "land",
    "conform": "conform",
    "validate and link": "expectations",
    "in force": "link by ID",
    "link by likeness": "link by likeness",
    "rules and checks": RULES,
    "rules": RULES,
    "checks": "checks",
    "people": "names",
    "publish": "publish",
    "reports": "report",
}
"""What a night says it does, and what that is called here. Links by ID are made while conforming (the number read is the person); what stands under
their name is the choice of the files in force. `names`: whom the flags name, with their tokens, for the ledger."""
CORE = (START, "conform", "link by ID", RULES)
"""What the goal compares with hand-written work."""
_SAID = re.compile(r"Night of [-\d]+: (.*)")
_CHANGED = ("tekun/tekun_20200731.csv", "unemployment_registration/unemployment_registration_20200731.csv")
_LEFT_OUT_OF = 200


def stage_of(line: str) -> str | None:
    """The stage that a line of a night's output begins."""
    said = _SAID.match(line)
    return STAGES.get(said[1].strip()) if said else None


def workspace(data: Path, folder: Path) -> Path:
    """A fresh workspace at `folder` with the deliveries of `data`, which stay where they are."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(data / "inbox", folder / "inbox", copy_function=os.link)
    return folder


def night(folder: Path, log: Path, *, as_of: date = AS_OF, memory: str = "") -> Run:
    """`doudi run` over a workspace. Raises RuntimeError when it fails, also where a rule could not be checked: that would make a cheap night."""
    limit = ["--memory", memory] if memory else []
    command = [sys.executable, "-m", "pipelines.cli", "run", "--as-of", as_of.isoformat(), "--workspace", str(folder), *limit]
    return measured(command, log, stage_of)


def deliver_little(folder: Path) -> int:
    """Two files of the day after, each like the last but for one row in two hundred, which is gone; no other file is new. Gives the rows left out."""
    gone = 0
    for name in _CHANGED:
        last = folder / "inbox" / name
        lines = last.read_bytes().splitlines(keepends=True)
        kept = [line for at, line in enumerate(lines) if at % _LEFT_OUT_OF != _LEFT_OUT_OF - 1]
        last.with_name(last.name.replace("20200731", f"{NEXT:%Y%m%d}")).write_bytes(b"".join(kept))
        gone += len(lines) - len(kept)
    return gone


def totals(folder: Path) -> dict[str, int]:
    """What run.json counts of a night: `rows` delivered, `flags`, `mismatches` and more."""
    report = json.loads((folder / "reports" / AS_OF.isoformat() / "run.json").read_text(encoding="utf-8"))
    found: dict[str, int] = report["totals"]
    return found
