"""What a benchmark finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from benchmarks.measure import Usage
from benchmarks.stage import CORE, NIGHT, STAGES, TO_FLAGS

FLOOR, PANDAS = "floor", "pandas"


@dataclass(frozen=True)
class Measured:
    """One size. `ours` is by stage, with the start of a process and the whole night beside the stages; `peers` by peer. Each is a median of `runs`,
    but of the whole night, which is measured once.

    `parts` are the seconds of each peer's parts, `made` is what making the province took, `agreed` how many results a peer shares with ours (`same`),
    and how many of people whose numbers fail one of both has alone (`others`). `rows` and `megabytes` are those of the inbox.
    """

    people: int
    runs: int
    rows: int
    megabytes: float
    made: Usage
    ours: dict[str, Usage]
    peers: dict[str, Usage]
    parts: dict[str, dict[str, float]]
    agreed: dict[str, dict[str, int]]

    def spans(self) -> dict[str, Usage]:
        """Parts of our night that stand against a peer's whole work; memory is that of the stage that holds most."""
        together = {
            "delivered files to flags": TO_FLAGS,
            "conform, link, facts, rules and checks": CORE,
            "whole night, stage by stage": tuple(STAGES),
        }
        return {name: _sum(self.ours[stage] for stage in stages) for name, stages in together.items()} | {NIGHT: self.ours[NIGHT]}


def middle(usages: Iterable[Usage]) -> Usage:
    """The median of each figure."""
    found = list(usages)
    return Usage(median(one.seconds for one in found), median(one.cpu for one in found), median(one.memory for one in found))


def _sum(usages: Iterable[Usage]) -> Usage:
    found = list(usages)
    return Usage(sum(one.seconds for one in found), sum(one.cpu for one in found), max(one.memory for one in found))
