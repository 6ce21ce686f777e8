"""Runs the night in pandas: `python -m benchmarks.pandas_night DATA WORK` reads DATA/inbox and writes WORK/found."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.pandas_night.evaluate import Night, flags, mismatches, record_checks
from benchmarks.pandas_night.read import read_all


def main(data: Path, work: Path) -> None:
    """The whole night; says on the standard output which part begins."""
    begin("clean")
    frames = read_all(data / "inbox")
    found = work / "found"
    found.mkdir(parents=True, exist_ok=True)
    begin("facts and rules")
    night = Night(frames)
    flags(night).to_parquet(found / "flags.parquet", index=False)
    begin("checks")
    mismatches(night).to_parquet(found / "mismatches.parquet", index=False)
    record_checks(night).to_parquet(found / "records.parquet", index=False)


def begin(part: str) -> None:
    """Says that a part begins."""
    print(f"part: {part}", flush=True)  # noqa: T201  # the benchmark reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
