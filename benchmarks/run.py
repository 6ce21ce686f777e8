"""Measures the night at 1/100 and 1/10 of the province (`--full`: and the whole), checks it against its peers, and writes benchmarks/README.md."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import statistics
import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from benchmarks.agreement import agreement
from benchmarks.measure import Usage, measured
from benchmarks.readme import write_readme
from benchmarks.results import FLOOR, PANDAS, Measured, middle
from benchmarks.stage import AS_OF, NIGHT, STAGES, START
from pipelines.workspace import PROJECT

HERE = Path(__file__).parent
DATA = HERE / "data"
SEED = 1
SIZES = {72_000: 3, 720_000: 1}
"""People, and how often the night is measured: the small one is over soon, and noisy."""
FULL = {7_200_000: 1}
PEERS = {FLOOR: "benchmarks.floor", PANDAS: "benchmarks.pandas_night"}


def main() -> None:
    """The benchmark. Ends with an AssertionError where a peer does not find what ours finds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--full", action="store_true", help="also the whole province of 7.2 million people")
    parser.add_argument("--people", type=int, help="only a province of this size, once, and nothing is written but to the terminal")
    arguments = parser.parse_args()
    if arguments.people:
        show(measure(arguments.people, 1))
        return
    results = []
    for people, runs in (SIZES | (FULL if arguments.full else {})).items():
        results.append(measure(people, runs))
        show(results[-1])
        write_readme(HERE, results, "make bench-full" if arguments.full else "make bench")


def measure(people: int, runs: int) -> Measured:
    """Makes a province of `people` unless it is there, and measures ours and the peers on it, in turn, `runs` times."""
    say(f"{people:,} people: the province")
    data, made = province(people)
    ours: dict[str, list[Usage]] = defaultdict(list)
    peers: dict[str, list[Usage]] = defaultdict(list)
    parts: dict[str, dict[str, list[float]]] = {peer: defaultdict(list) for peer in PEERS}
    agreed: dict[str, dict[str, int]] = {}
    work, rows = data / "work", 0
    for run in range(runs):
        title = f"{people:,} people, run {run + 1} of {runs}"
        shutil.rmtree(work, ignore_errors=True)
        for stage in (START, *STAGES):
            say(f"{title}: {stage}")
            ours[stage].append(stage_of(data, work / "ours", stage))
        rows = delivered_rows(work / "ours")
        for peer, module in PEERS.items():
            say(f"{title}: {peer}")
            log = data / f"{peer}.log"
            peers[peer].append(measured([sys.executable, "-m", module, str(data), str(work / peer)], log))
            for line in log.read_text(encoding="utf-8").splitlines():
                name, seconds = line.split()
                parts[peer][name].append(float(seconds))
            agreed[peer] = agreement(data / "truth", work / "ours" / "nights" / AS_OF.isoformat(), work / peer / "found")
    say(f"{people:,} people: {NIGHT}")
    ours[NIGHT].append(stage_of(data, work / "again", NIGHT))
    shutil.rmtree(work)
    return Measured(
        people=people,
        runs=runs,
        rows=rows,
        megabytes=sum(path.stat().st_size for path in (data / "inbox").rglob("*") if path.is_file()) / 2**20,
        made=made,
        ours={stage: middle(found) for stage, found in ours.items()},
        peers={peer: middle(found) for peer, found in peers.items()},
        parts={peer: {name: statistics.median(seconds) for name, seconds in found.items()} for peer, found in parts.items()},
        agreed=agreed,
    )


def stage_of(data: Path, workspace: Path, stage: str) -> Usage:
    """What one stage of ours takes over the province of `data`."""
    workspace.mkdir(parents=True, exist_ok=True)
    inbox = workspace / "inbox"
    if not inbox.exists():
        inbox.symlink_to(data / "inbox")
    return measured([sys.executable, "-m", "benchmarks.stage", str(workspace), stage], data / "ours.log")


def delivered_rows(workspace: Path) -> int:
    """The rows of all files that a night landed."""
    report = json.loads((workspace / "reports" / AS_OF.isoformat() / "run.json").read_text(encoding="utf-8"))
    return sum(file["rows"] for file in report["files"])


def province(people: int) -> tuple[Path, Usage]:
    """The folder of a synthetic province, made anew when its arguments or the code that makes it have changed, and what making it took."""
    folder = DATA / str(people)
    kept = folder / "made.json"
    code = [path for path in sorted((PROJECT / "pipelines" / "synthetic").iterdir()) if path.is_file()]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()
    arguments = {"people": people, "seed": SEED, "as_of": AS_OF.isoformat(), "code": digest}
    if kept.is_file():
        known = json.loads(kept.read_text(encoding="utf-8"))
        if known["arguments"] == arguments:
            return folder, Usage(**known["usage"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = ["synthesize", "--people", str(people), "--out", str(folder), "--as-of", AS_OF.isoformat(), "--seed", str(SEED)]
    usage = measured([sys.executable, "-m", "pipelines.cli", *command], DATA / f"synthesize-{people}.log")
    kept.write_text(json.dumps({"arguments": arguments, "usage": asdict(usage)}), encoding="utf-8")
    return folder, usage


def show(result: Measured) -> None:
    """Prints a size's figures."""
    say(f"\n{result.people:,} people, {result.rows:,} rows, {result.megabytes:.0f} MB, median of {result.runs}")
    for name, usage in (result.ours | result.peers | result.spans()).items():
        say(f"{name:<40} {usage.seconds:8.1f} s {usage.cpu:8.1f} s CPU {usage.memory:7.0f} MB")
    for peer, parts in result.parts.items():
        say(f"{peer}: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts.items()) + f"; {result.agreed[peer]}")


def say(text: str) -> None:
    """One line of progress or result."""
    print(text, flush=True)  # noqa: T201  # this is the benchmark's output


if __name__ == "__main__":
    main()
