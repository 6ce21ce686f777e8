"""What a benchmark finds, and how it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.measure import NOTHING, Run, Usage
from benchmarks.ours import CORE

FLOOR, POLARS, PANDAS = "floor", "polars", "pandas"
NIGHT, LIMITED, SECOND = "night", "night in 2 GB", "second night"
ONLY_CORE, WITH_LAND, WHOLE = "conform, link by ID, facts, rules", "… with landing and checks", "whole night"
CHECKS = "checks"


@dataclass
class Measured:
    """One size: `runs` by step (ours: NIGHT, LIMITED, SECOND; the peers), each as often as it was run.

    `rows` and `megabytes` are those delivered, `made` what making the province took, `found` how many flags and mismatches ours has, `agreed` how
    many results a peer shares with ours (`same`) and how many of people whose numbers fail one of both has alone (`others`), `reference` what the
    comparison with the path before all optimising says, where it was made.
    """

    people: int
    commit: str
    rows: int = 0
    megabytes: float = 0.0
    made: Usage = NOTHING
    runs: dict[str, list[Run]] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    agreed: dict[str, dict[str, int]] = field(default_factory=dict)
    reference: str = ""

    @property
    def comparable(self) -> bool:
        """Whether our night and all peers are measured."""
        return all(step in self.runs for step in (NIGHT, FLOOR, POLARS, PANDAS))

    def total(self, step: str) -> Usage:
        """The middle of what the step took."""
        return middle(run.total for run in self.runs[step])

    def part(self, step: str, *parts: str) -> Usage:
        """What some parts of a step took together."""
        return middle(sum((run.parts[part] for part in parts if part in run.parts), NOTHING) for run in self.runs[step])

    def spans(self) -> dict[str, Usage]:
        """The parts of our night that stand against a peer's work."""
        return {ONLY_CORE: self.part(NIGHT, *CORE), WITH_LAND: self.part(NIGHT, "land", *CORE, CHECKS), WHOLE: self.total(NIGHT)}

    def ratio(self, span: str, peer: str) -> float:
        """Our seconds over the peer's, of which its checks count only where ours do."""
        theirs = self.total(peer).seconds - (self.part(peer, CHECKS).seconds if span == ONLY_CORE else 0)
        return self.spans()[span].seconds / theirs

    def save(self, path: Path) -> None:
        """Keeps it as JSON, so that an interrupted benchmark goes on where it was."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def load(path: Path) -> Measured:
    """What `save` kept."""
    known = json.loads(path.read_text(encoding="utf-8"))
    known["made"] = Usage(**known["made"])
    known["runs"] = {
        step: [Run(Usage(**run["total"]), {part: Usage(**usage) for part, usage in run["parts"].items()}) for run in runs]
        for step, runs in known["runs"].items()
    }
    return Measured(**known)


def middle(usages: Iterable[Usage]) -> Usage:
    """The median of each figure."""
    found = list(usages)
    return Usage(*(median(getattr(one, name) for one in found) for name in ("seconds", "cpu", "process", "memory")))
