"""Wall time, CPU time and peak memory of a command and of its parts, with every process that it starts, daemons included."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

INTERVAL = 0.1
ENDING = 60.0
START = "start"
_PR_SET_CHILD_SUBREAPER = 36

Marks = Callable[[str], str | None]
"""Which part a line of output begins, if any."""


@dataclass(frozen=True)
class Usage:
    """What something took: `seconds` of wall time, `cpu` seconds of all its processes, and the most MB that one process held (`process`),
    and that all held at once (`memory`)."""

    seconds: float
    cpu: float
    process: float
    memory: float

    def __add__(self, other: Usage) -> Usage:
        """One after the other."""
        most = max(self.process, other.process), max(self.memory, other.memory)
        return Usage(self.seconds + other.seconds, self.cpu + other.cpu, *most)


NOTHING = Usage(0, 0, 0, 0)


@dataclass
class Run:
    """One run of a command: `total`, and `parts` in the order in which they began; what comes before the first mark is START."""

    total: Usage
    parts: dict[str, Usage] = field(default_factory=dict)


def measured(command: Sequence[str], log: Path, marks: Marks = lambda line: None, accepted: Sequence[int] = (0,)) -> Run:
    """Runs the command to its end with its output in `log`. Raises RuntimeError, with the end of the log, when its status is not `accepted`.

    A process whose parent ends is ours from then on, so that what a command leaves in the background (the embedded ledger) counts as well.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        watch = _Watch(log, marks)
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        while _goes_on(process):
            watch.look()
        run = watch.end()
    psutil.wait_procs(psutil.Process().children(), timeout=ENDING)
    if process.returncode not in accepted:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}; the end of {log}:\n{log.read_text(errors='replace')[-2000:]}")
    return run


def _goes_on(process: subprocess.Popen[bytes]) -> bool:
    """Waits INTERVAL, or until the process has ended."""
    try:
        process.wait(INTERVAL)
    except subprocess.TimeoutExpired:
        return True
    return False


class _Watch:
    """Looks at all our descendants and at the log again and again, and keeps what each part took."""

    def __init__(self, log: Path, marks: Marks) -> None:
        self._lines, self._marks, self._us = log.open(encoding="utf-8", errors="replace"), marks, psutil.Process()
        self._parts: dict[str, Usage] = {}
        self._part, self._process, self._memory = START, 0, 0
        self._since, self._cpu = time.perf_counter(), self._cpu_now([])

    def look(self) -> None:
        processes = self._us.children(recursive=True)
        most, together = _held(processes)
        self._process, self._memory = max(self._process, most), max(self._memory, together)
        for line in self._lines:
            if part := self._marks(line):
                self._close(processes)
                self._part = part

    def end(self) -> Run:
        self._close(self._us.children(recursive=True))
        self._lines.close()
        return Run(sum(self._parts.values(), NOTHING), self._parts)

    def _close(self, processes: Sequence[psutil.Process]) -> None:
        now, cpu = time.perf_counter(), self._cpu_now(processes)
        usage = Usage(now - self._since, cpu - self._cpu, self._process / 2**20, self._memory / 2**20)
        self._parts[self._part] = self._parts.get(self._part, NOTHING) + usage
        self._since, self._cpu, self._process, self._memory = now, cpu, 0, 0

    def _cpu_now(self, processes: Sequence[psutil.Process]) -> float:
        """CPU seconds of our descendants so far: of those that have ended, and of those that still run, with what those have seen end."""
        ended = os.times()
        total = ended.children_user + ended.children_system
        for process in processes:
            try:
                total += sum(process.cpu_times()[:4])
            except psutil.Error:  # it has ended since
                continue
        return total


def _held(processes: Sequence[psutil.Process]) -> tuple[int, int]:
    """The most bytes that one of the processes holds, and what they hold together: what each has for itself, and once what they share, taken as the
    most that one of them maps."""
    own = shared = most = 0
    for process in processes:
        try:
            memory = process.memory_info()
        except psutil.Error:  # it has ended
            continue
        own += memory.rss - memory.shared
        shared, most = max(shared, memory.shared), max(most, memory.rss)
    return most, own + shared
