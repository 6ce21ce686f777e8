"""The peers of the benchmark do the same work: what they find among people whose records all carry a usable number is what ours finds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.agreement import agreement
from benchmarks.measure import START, measured
from benchmarks.ours import AS_OF
from pipelines.night import run_night
from pipelines.synthetic.province import synthesize
from pipelines.workspace import PROJECT, Workspace

PEERS = ("floor", "polars_night", "pandas_night")


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A province of 5 000 people, matched by ours (`nights/`) and by the peers (`<peer>/found`)."""
    folder = tmp_path_factory.mktemp("province")
    synthesize(folder, 5_000, AS_OF, 1)
    for peer in PEERS:
        subprocess.run([sys.executable, "-m", f"benchmarks.{peer}", str(folder), str(folder / peer)], check=True, cwd=PROJECT, capture_output=True)
    run_night(Workspace(folder), AS_OF, dry_run=True)
    return folder


def found_by_both(province: Path, peer: Path) -> dict[str, int]:
    return agreement(province / "truth", province, AS_OF.isoformat(), peer)


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_finds_what_ours_finds(province: Path, peer: str) -> None:
    found = found_by_both(province, province / peer)
    assert found["same"] > 400
    assert peer == "pandas_night" or (found["lines"] > 0 and found["cells"] > 1000)


def test_the_peers_find_the_same_of_everybody(province: Path) -> None:
    for name in ("flags", "mismatches", "records"):
        tables = [pq.read_table(province / peer / "found" / f"{name}.parquet") for peer in PEERS]
        floor, *others = (sorted(tuple(row.values()) for row in table.to_pylist()) for table in tables)
        assert all(floor == other for other in others)


@pytest.mark.parametrize("name", ["found/flags", "found/mismatches", "found/records", "found/evidence", "quarantine/*", "warnings/*"])
def test_what_a_peer_lacks_fails(province: Path, tmp_path: Path, name: str) -> None:
    for kept in ("found", "quarantine", "warnings"):
        shutil.copytree(province / "floor" / kept, tmp_path / kept)
    file = max(tmp_path.glob(f"{name}.parquet"), key=lambda file: pq.read_metadata(file).num_rows)
    table = pq.read_table(file)
    pq.write_table(table.slice(table.num_rows // 2 + 1), file)
    with pytest.raises(AssertionError, match="missing"):
        found_by_both(province, tmp_path)


def test_a_command_that_fails_says_how(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="out of flour"):
        measured([sys.executable, "-c", "raise SystemExit('out of flour')"], tmp_path / "log")


def test_what_a_command_takes_is_told_by_its_parts(tmp_path: Path) -> None:
    burn = "print('part: one', flush=True); import time; begun = time.process_time()\nwhile time.process_time() < begun + 0.3: pass"
    run = measured([sys.executable, "-c", burn], tmp_path / "log", lambda line: line.strip().removeprefix("part: "))
    assert list(run.parts) == [START, "one"]
    assert run.parts["one"].cpu >= 0.2
    assert run.total.cpu == pytest.approx(sum(part.cpu for part in run.parts.values()))
