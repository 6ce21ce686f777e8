"""The demo: a synthetic county through Airflow, compared with the truth."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.errors import SettingsError
from pipelines.orchestration import NightThroughAirflow
from pipelines.reports.run_summary import read_run, summary
from pipelines.synthetic.compare import compare
from pipelines.synthetic.province import synthesize
from pipelines.workspace import open_workspace

MARKER = ".doudi-demo"


def run_demo(root: Path, people: int, seed: int, as_of: date, progress: Callable[[str], None]) -> RenderableType:
    """Makes `people` synthetic people below `root`, runs the five extract DAGs and the nightly match, and gives what to print.

    An earlier demo in `root` is replaced; any other folder is refused with a SettingsError.
    """
    begun = time.monotonic()
    if root.exists() and any(root.iterdir()) and not (root / MARKER).exists():
        raise SettingsError(f"{root} is no demo of an earlier run; name another workspace, so that nothing of yours is replaced.")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    (root / MARKER).touch()
    workspace = open_workspace(root)
    airflow = NightThroughAirflow(workspace)
    try:
        progress("making people and deliveries, while Airflow comes up")
        made = synthesize(root, people, as_of, seed)
        airflow.run(as_of, progress)
    except BaseException:
        airflow.stop()
        raise
    reports = workspace.reports(as_of)
    night = workspace.night(as_of)
    compared = compare(made.truth, pq.read_table(night / "flags.parquet"), pq.read_table(night / "mismatches.parquet")).to_pylist()
    return Group(
        summary(read_run(reports / "run.json")),
        Text(f"\n{made.people:,} synthetic people; every flag against the truth", style="bold"),
        _comparison(compared),
        Text(_verdict(compared), style="bold"),
        Text(f"\nDone in {time.monotonic() - begun:.0f} s. Look at"),
        Text(f"  {reports / 'mismatch-report.html'}\n  {reports / 'flags'}/<county>/<township>.xlsx\n  {reports / 'run.json'}"),
        Text(f"Go on with\n  .venv/bin/doudi export flags --as-of {as_of} --workspace {root} --format csv -o flags.csv"),
        Text(f"  .venv/bin/doudi explain FLAG_ID --workspace {root} --replay"),
    )


def _comparison(rows: list[dict[str, Any]]) -> Table:
    """Rule by rule: among people whose records all carry a usable ID, and among all."""
    usable = (f"{column} (usable ID)" for column in ("expected", "found", "missing", "extra"))
    table = Table("rule or check", *usable, "expected (all)", "missing", "extra")
    for row in rows:
        wrong = row["missing"] or row["extra"]
        names = ("expected", "found", "missing", "extra", "expected_all", "missing_all", "extra_all")
        table.add_row(row["name"], *(f"{row[name]:,}" for name in names), style="red" if wrong else None)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _verdict(rows: list[dict[str, Any]]) -> str:
    missing, extra = (sum(row[name] for row in rows) for name in ("missing", "extra"))
    if missing or extra:
        return f"Among people whose records all carry a usable ID: {missing} missing, {extra} extra."
    return "Among people whose records all carry a usable ID: nothing missing, nothing extra."
