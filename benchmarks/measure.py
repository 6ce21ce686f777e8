"""Wall time, CPU time and peak memory of a command with every process that it starts, daemons included."""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

INTERVAL = 0.05
ENDING = 60.0
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Usage:
    """What a command took: `seconds` of wall time, `cpu` seconds of all its processes, `memory` the most MB that they held at once."""

    seconds: float
    cpu: float
    memory: float


def measured(command: Sequence[str], log: Path) -> Usage:
    """Runs the command to its end with its output in `log`. Raises RuntimeError, with the end of the log, when it fails.

    A process whose parent ends is ours from then on, so that what a command leaves in the background (the embedded ledger) counts as well.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    before = os.times()
    begun = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        sampler = _Sampler()
        sampler.start()
        status = process.wait()
        seconds = time.perf_counter() - begun
        peak = sampler.stop()
    psutil.wait_procs(psutil.Process().children(), timeout=ENDING)  # so that their CPU time counts
    after = os.times()
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {status}; the end of {log}:\n{log.read_text(errors='replace')[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Usage(seconds, cpu, peak)


class _Sampler(threading.Thread):
    """Looks at the memory of all our descendants every INTERVAL seconds; `stop` gives the highest sum in MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()
        self._peak = 0

    def run(self) -> None:
        us = psutil.Process()
        while not self._over.wait(INTERVAL):
            self._peak = max(self._peak, _held(us.children(recursive=True)))

    def stop(self) -> float:
        self._over.set()
        self.join()
        return self._peak / 2**20


def _held(processes: Sequence[psutil.Process]) -> int:
    """Bytes that the processes hold together: what each has for itself, and once what they share, taken as the most that one of them maps."""
    own = shared = 0
    for process in processes:
        try:
            memory = process.memory_info()
        except psutil.Error:  # it has ended
            continue
        own += memory.rss - memory.shared
        shared = max(shared, memory.shared)
    return own + shared
