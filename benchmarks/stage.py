"""One stage of our night in a process of its own: `python -m benchmarks.stage WORKSPACE STAGE`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from pipelines.night import conform_all, contracts_of, evaluate_night, land_dataset, link_night, policy_of, publish_night, report_night, run_night
from pipelines.workspace import Workspace, open_workspace

AS_OF = date(2020, 7, 31)
START = "start of a process"
NIGHT = "whole night in one process"


def start(workspace: Workspace) -> None:
    """Nothing but what every stage begins with: imports, contracts, policy."""
    contracts_of(workspace)
    policy_of(workspace)


def land(workspace: Workspace) -> None:
    """Lands every dataset."""
    for dataset in contracts_of(workspace):
        land_dataset(workspace, dataset, AS_OF)


STAGES: dict[str, Callable[[Workspace], object]] = {
    "land": land,
    "conform": lambda workspace: conform_all(workspace, AS_OF),
    "validate and link": lambda workspace: link_night(workspace, AS_OF),
    "rules and checks": lambda workspace: evaluate_night(workspace, AS_OF),
    "publish": lambda workspace: publish_night(workspace, AS_OF),
    "report": lambda workspace: report_night(workspace, AS_OF),
}
"""The night's stages in order."""
TO_FLAGS = ("land", "conform", "validate and link", "rules and checks")
"""From delivered files to flags and mismatches: what the peers do too."""
CORE = TO_FLAGS[1:]

if __name__ == "__main__":
    ({START: start} | STAGES | {NIGHT: lambda workspace: run_night(workspace, AS_OF)})[sys.argv[2]](open_workspace(Path(sys.argv[1])))
