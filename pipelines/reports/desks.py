"""The work of a night's reports in parts that share nothing, each at a desk of its own: a county's lists, a check's workbook.

A desk reads its part from the ledger itself, so that no process ever holds a province in words, and two cores write twice as fast as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

from pipelines.contracts import Contract
from pipelines.ledger.access_log import Reveal
from pipelines.ledger.database import Ledger
from pipelines.policy import Policy
from pipelines.processes import spread
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
    """The results of all jobs, in their order; the largest should come first. Over MOST_IN_ONE `findings` they are spread over processes.

    Raises StageError when a process dies.
    """
    parts = (desk.ledger.workspace, desk.as_of, desk.contracts, desk.policy, desk.leave)
    threads = desk.ledger.workspace.settings.threads
    return spread("Writing the workbooks", jobs, desk, _sit_down, parts, threads=threads, alone=findings <= MOST_IN_ONE)


def _sit_down(workspace: Workspace, as_of: date, contracts: Mapping[str, Contract], policy: Policy, leave: int) -> Desk:
    return Desk(Ledger.open(workspace), as_of, contracts, policy, leave)
