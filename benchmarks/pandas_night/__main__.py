"""Runs the night in pandas: `python -m benchmarks.pandas_night DATA WORK` reads DATA/inbox and writes WORK/found."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.pandas_night.evaluate import evaluate
from benchmarks.pandas_night.read import read_all


def main(data: Path, work: Path) -> None:
    """The whole night, with the seconds of each part on the standard output."""
    begun = time.perf_counter()
    frames = read_all(data / "inbox")
    print(f"clean {time.perf_counter() - begun:.2f}")  # noqa: T201  # the benchmark reads it
    begun = time.perf_counter()
    (work / "found").mkdir(parents=True, exist_ok=True)
    for name, found in evaluate(frames).items():
        found.to_parquet(work / f"found/{name}.parquet", index=False)
    print(f"evaluate {time.perf_counter() - begun:.2f}")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
