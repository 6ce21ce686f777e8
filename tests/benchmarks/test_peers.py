"""The peers of the benchmark do the same work: what they find among people whose records all carry a usable number is what ours finds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.agreement import agreement
from benchmarks.measure import measured
from benchmarks.stage import AS_OF
from pipelines.night import run_night
from pipelines.synthetic.province import synthesize
from pipelines.workspace import PROJECT, Workspace

PEERS = ("floor", "pandas_night")


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A province of 5 000 people, matched by ours (`nights/`) and by both peers (`<peer>/found`)."""
    folder = tmp_path_factory.mktemp("province")
    synthesize(folder, 5_000, AS_OF, 1)
    for peer in PEERS:
        subprocess.run([sys.executable, "-m", f"benchmarks.{peer}", str(folder), str(folder / peer)], check=True, cwd=PROJECT, capture_output=True)
    run_night(Workspace(folder), AS_OF, dry_run=True)
    return folder


def found_by_both(province: Path, peer: Path) -> dict[str, int]:
    return agreement(province / "truth", province / "nights" / AS_OF.isoformat(), peer)


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_finds_what_ours_finds(province: Path, peer: str) -> None:
    assert found_by_both(province, province / peer / "found")["same"] > 400


def test_the_peers_find_the_same_of_everybody(province: Path) -> None:
    for name in ("flags", "mismatches", "records"):
        floor, pandas = (sorted(pq.read_table(province / peer / "found" / f"{name}.parquet").to_pylist(), key=str) for peer in PEERS)
        assert [tuple(row.values()) for row in floor] == [tuple(row.values()) for row in pandas]


@pytest.mark.parametrize("name", ["flags", "mismatches", "records"])
def test_a_single_difference_fails(province: Path, tmp_path: Path, name: str) -> None:
    for file in (province / "floor" / "found").iterdir():
        table = pq.read_table(file)
        pq.write_table(table.slice(1) if file.stem == name else table, tmp_path / file.name)
    table = pq.read_table(tmp_path / f"{name}.parquet")
    with pytest.raises(AssertionError, match="missing"):
        found_by_both(province, tmp_path if table.num_rows else province)


def test_a_command_that_fails_says_how(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="out of flour"):
        measured([sys.executable, "-c", "raise SystemExit('out of flour')"], tmp_path / "log")
