"""Measures the night at 1/100 and 1/10 of the province (`--full`: and the whole), checks it against its peers, and writes benchmarks/README.md.

Every step's figures are kept under data/ as soon as it ends: run again at the same commit, the benchmark goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks import ours
from benchmarks.agreement import agreement
from benchmarks.measure import Run, Usage, measured
from benchmarks.ours import AS_OF, NEXT
from benchmarks.readme import write_readme
from benchmarks.reference import compared
from benchmarks.results import FLOOR, LIMITED, NIGHT, PANDAS, POLARS, SECOND, Measured, load
from pipelines.workspace import PROJECT

HERE = Path(__file__).parent
DATA = HERE / "data"
SEED = 1
SIZES = {72_000: 3, 720_000: 1}
"""People, and how often the night and its peers are measured: the small one is over soon, and noisy."""
FULL = {7_200_000: 1}
PEERS = {FLOOR: "benchmarks.floor", POLARS: "benchmarks.polars_night", PANDAS: "benchmarks.pandas_night"}
LIMIT = "2GB"
OWN_PAGES = (":!*.md", ":!*.svg", ":!benchmarks/linkage-province.json")
_PART = re.compile(r"part: (.*)")


def main() -> None:
    """The benchmark. Ends with an AssertionError where a peer does not find what ours finds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--full", action="store_true", help="also the whole province of 7.2 million people")
    parser.add_argument("--people", type=int, help="only a province of this size, once, and nothing is written but to the terminal")
    parser.add_argument("--again", action="store_true", help="forget what an interrupted benchmark measured")
    arguments = parser.parse_args()
    if arguments.people:
        for _ in (bench := Bench(arguments.people, 1, again=arguments.again)).steps():
            pass
        show(bench.done)
        return
    results: list[Measured] = []
    for people, runs in (SIZES | (FULL if arguments.full else {})).items():
        for done in (bench := Bench(people, runs, again=arguments.again)).steps():
            if done.comparable:
                write_readme(HERE, [*results, done], "make bench-full" if arguments.full else "make bench")
        results.append(bench.done)
        show(bench.done)


class Bench:
    """The steps of one size, each done unless it was done before at this commit."""

    def __init__(self, people: int, runs: int, *, again: bool) -> None:
        self.people, self.runs = people, runs
        self.data, made = province(people)
        self.work, self.kept = self.data / "work", self.data / "results.json"
        self.done = Measured(people, commit(), megabytes=size_of(self.data / "inbox"), made=made)
        if self.kept.is_file() and not again and "-" not in self.done.commit and (before := load(self.kept)).commit == self.done.commit:
            self.done = before

    def steps(self) -> Iterator[Measured]:
        """All that is not measured yet: nights and peers in turn, since machines change their pace; then the second night, and one in 2 GB.
        Gives what is measured so far after each."""
        self.work.mkdir(exist_ok=True)
        for place in range(self.runs):
            wanted = [peer for peer in PEERS if self._missing(peer, place)]
            to_compare = wanted or self._missing(SECOND)
            if self._missing(NIGHT, place) or (to_compare and not (self.work / "ours" / "reports").is_dir()):
                self._first(place)
            for peer in wanted:
                self._peer(peer)
                yield self.done
        if self._missing(SECOND):
            self._second()
            yield self.done
        if self._missing(LIMITED):
            self._limited()
        shutil.rmtree(self.work)
        yield self.done

    def _missing(self, step: str, place: int = 0) -> bool:
        return len(self.done.runs.get(step, [])) <= place

    def _keep(self, step: str, run: Run) -> None:
        self.done.runs.setdefault(step, []).append(run)
        self.done.save(self.kept)

    def _first(self, place: int) -> None:
        say(f"{self.people:,} people: {NIGHT}")
        run = ours.night(ours.workspace(self.data, self.work / "ours"), self._log(NIGHT))
        totals = ours.totals(self.work / "ours")
        self.done.rows, self.done.found = totals["rows"], {name: totals[name] for name in ("flags", "mismatches")}
        self.done.reference = compared(self.data, self._folder())
        if self._missing(NIGHT, place):
            self._keep(NIGHT, run)

    def _peer(self, peer: str) -> None:
        say(f"{self.people:,} people: {peer}")
        folder = self.work / peer
        shutil.rmtree(folder, ignore_errors=True)
        run = measured([sys.executable, "-m", PEERS[peer], str(self.data), str(folder)], self._log(peer), part_of)
        self.done.agreed[peer] = agreement(self.data / "truth", self.work / "ours", AS_OF.isoformat(), folder)
        self._keep(peer, run)
        shutil.rmtree(folder)

    def _second(self) -> None:
        say(f"{self.people:,} people: {SECOND}")
        ours.deliver_little(self.work / "ours")
        self._keep(SECOND, ours.night(self.work / "ours", self._log(SECOND), as_of=NEXT))

    def _limited(self) -> None:
        say(f"{self.people:,} people: {LIMITED}")
        shutil.rmtree(self.work / "ours", ignore_errors=True)
        self._keep(LIMITED, ours.night(ours.workspace(self.data, self.work / "limited"), self._log(LIMITED), memory=LIMIT))

    def _folder(self) -> Path:
        return self.work / "ours" / "nights" / AS_OF.isoformat()

    def _log(self, step: str) -> Path:
        return self.data / "logs" / f"{step}.log"


def part_of(line: str) -> str | None:
    """The part that a line of a peer's output begins."""
    said = _PART.match(line)
    return said[1].strip() if said else None


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
    say(f"{people:,} people: the province")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = ["synthesize", "--people", str(people), "--out", str(folder), "--as-of", AS_OF.isoformat(), "--seed", str(SEED)]
    usage = measured([sys.executable, "-m", "pipelines.cli", *command], folder / "logs" / "synthesize.log").total
    kept.write_text(json.dumps({"arguments": arguments, "usage": asdict(usage)}), encoding="utf-8")
    return folder, usage


def size_of(folder: Path) -> float:
    """MB of the files below `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def commit() -> str:
    """The commit that is measured, with `-dirty` where anything but pages and charts like the benchmark's own differs from it."""
    told, changed = (
        subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True, check=False).stdout.strip()
        for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--untracked-files=no", "--", PROJECT, *OWN_PAGES])
    )
    return f"{told}-dirty" if told and changed else told or "no-repository"


def show(result: Measured) -> None:
    """Prints a size's figures."""
    say(f"\n{result.people:,} people, {result.rows:,} rows, {result.megabytes:.0f} MB; {result.found}; {result.reference}")
    for step in result.runs:
        for name, usage in {step: result.total(step), **{f"  {part}": result.part(step, part) for part in result.runs[step][0].parts}}.items():
            say(f"{name:<30} {usage.seconds:8.1f} s {usage.cpu:8.1f} s CPU {usage.process:7.0f} MB {usage.memory:7.0f} MB together")
    for peer, found in result.agreed.items():
        say(f"{peer}: {found}")


def say(text: str) -> None:
    """One line of progress or result."""
    print(text, flush=True)  # noqa: T201  # this is the benchmark's output


if __name__ == "__main__":
    main()
