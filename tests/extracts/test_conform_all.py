"""All datasets of a night conformed side by side hold what they hold one after the other."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.night import conform_all, land_inbox
from pipelines.synthetic.province import synthesize
from pipelines.workspace import Workspace

AS_OF = date(2020, 7, 31)


def rows(folder: Path) -> dict[str, pa.Table]:
    """The conformed, quarantined and warned rows of every file, in the order of their lines."""
    found = {}
    for part in ("conformed", "quarantine", "warnings"):
        for path in sorted((folder / part).rglob("*.parquet")):
            table = pq.read_table(path)
            order = [(name, "ascending") for name in ("line_no", "member_no", "column") if name in table.column_names]
            found[str(path.relative_to(folder))] = table.sort_by(order)
    return found


def test_conformed_side_by_side_the_rows_are_the_same(tmp_path, monkeypatch) -> None:
    one, other = Workspace(tmp_path / "one"), Workspace(tmp_path / "other")
    synthesize(one.root, 1_000, AS_OF, 1)
    land_inbox(one, AS_OF)
    shutil.copytree(one.root, other.root)
    conform_all(one, AS_OF)
    monkeypatch.setattr("pipelines.night.SIDE_BY_SIDE_BYTES", 1)
    conform_all(other, AS_OF)
    alone, spread = rows(one.root), rows(other.root)
    assert len(alone) > 30
    assert alone.keys() == spread.keys()
    assert all(alone[name].equals(spread[name]) for name in alone)
