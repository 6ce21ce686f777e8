"""The work of a night's reports in parts that share nothing, each at a desk of its own: a county's lists, a check's workbook.

A desk reads its part from the ledger itself, so that no process ever holds a province in words, and two cores write twice as fast as one.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
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
    """The results of all jobs, in their order; more than MOST_IN_ONE `findings` are spread over processes, which take the jobs in turn.

    Raises StageError when a process dies.
    """
    if findings <= MOST_IN_ONE or multiprocessing.current_process().daemon:
        return [job(desk) for job in jobs]
    parts = (desk.ledger.workspace, desk.as_of, desk.contracts, desk.policy, desk.leave)
    try:
        with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn"), initializer=_sit_down, initargs=parts) as pool:
            return list(pool.map(_do, jobs))
    except BrokenProcessPool as error:
        raise StageError("Writing the workbooks ended in mid-air, probably for lack of memory; run the night again.") from error


_DESKS: list[Desk] = []  # of a process of its own: the desk that it works at


def _sit_down(workspace: Workspace, as_of: date, contracts: Mapping[str, Contract], policy: Policy, leave: int) -> None:
    _DESKS.append(Desk(Ledger.open(workspace), as_of, contracts, policy, leave))


def _do(job: Job[_Result]) -> _Result:
    return job(_DESKS[0])
