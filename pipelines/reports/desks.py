"""The work of a night's reports in parts that share nothing, each at a desk of its own: a county's lists, a check's workbook.

A desk reads its part from the ledger itself, so that no process ever holds a province in words, and two cores write twice as fast as one.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

from pipelines.contracts import Contract
from pipelines.errors import StageError
from pipelines.ledger.access_log import Reveal
from pipelines.ledger.database import Ledger
from pipelines.policy import Policy
from pipelines.reports.evidence import Wording
from pipelines.workspace import Workspace

MOST_IN_ONE = 10_000
"""Findings up to which one process does everything: more processes would cost more than they save."""
_OBJECTS = 10_000  # made since the last look for garbage, before the next; Python's own number is 700
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Desk:
    """What one process needs to word and write: the night, the ledger open, and the entry in the access log that gives leave to read it in clear."""

    ledger: Ledger
    as_of: date
    contracts: Mapping[str, Contract]
    policy: Policy
    leave: int

    @cached_property
    def allowed(self) -> Reveal:
        return Reveal(self.leave, self.ledger.cipher)

    @cached_property
    def wording(self) -> Wording:
        return Wording(self.contracts, self.policy)


Job = Callable[[Desk], _Result]


def done(desk: Desk, jobs: Sequence[Job[_Result]], findings: int) -> list[_Result]:
    """The results of all jobs, in their order; the largest should come first.

    Over MOST_IN_ONE `findings` other processes help, one for each further core: they take jobs from the front, this one takes them from the back.
    Raises StageError when a process dies.
    """
    others = (os.cpu_count() or 1) - 1
    if findings <= MOST_IN_ONE or not others or multiprocessing.current_process().daemon:
        with _seldom_collected():
            return [job(desk) for job in jobs]
    parts = (desk.ledger.workspace, desk.as_of, desk.contracts, desk.policy, desk.leave)
    pool = ProcessPoolExecutor(min(others, len(jobs)), multiprocessing.get_context("spawn"), _sit_down, parts)
    try:
        begun = [pool.submit(_do, job) for job in jobs]
        with _seldom_collected():
            own = {place: jobs[place](desk) for place in reversed(range(len(jobs))) if begun[place].cancel()}
        return [own[place] if place in own else future.result() for place, future in enumerate(begun)]
    except BrokenProcessPool as error:
        raise StageError("Writing the workbooks ended in mid-air, probably for lack of memory; run the night again.") from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Has Python look for garbage less often: at a desk it finds next to none, and looking took a fifth of the time."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


_DESKS: list[Desk] = []  # of a process of its own: the desk that it works at


def _sit_down(workspace: Workspace, as_of: date, contracts: Mapping[str, Contract], policy: Policy, leave: int) -> None:
    _DESKS.append(Desk(Ledger.open(workspace), as_of, contracts, policy, leave))


def _do(job: Job[_Result]) -> _Result:
    with _seldom_collected():
        return job(_DESKS[0])
