"""Starting Airflow from the command line: the DAGs of one night in one process, for the demo.

Only this module knows Airflow outside dags/, and imports it inside its functions: importing it takes seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from typing import IO, Any

from pipelines.contracts import by_department, load_contracts
from pipelines.errors import StageError
from pipelines.workspace import PROJECT, Workspace, open_workspace

MATCH_DAG = "nightly_match"
POOLS = {
    "landing": (2, "Reading delivered files"),
    "engine": (1, "One stage at a time has the cores and the memory"),
    "ledger": (1, "One night is published at a time"),
}


def airflow_environment(workspace: Workspace) -> dict[str, str]:
    """The environment variables under which Airflow finds our DAGs and keeps its own state below the workspace."""
    home = workspace.root / "airflow"
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "DOUDI_WORKSPACE": str(workspace.root),
    }


class NightThroughAirflow:
    """A child process that brings Airflow up while the caller prepares deliveries, then runs the department DAGs and the match one after another.

    Its output goes to `airflow/night.log` below the workspace.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.log = workspace.root / "airflow" / "night.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        reading, writing = os.pipe()
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "pipelines.orchestration", str(writing)],
                env={**os.environ, **airflow_environment(workspace)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[writing],
                text=True,
            )
        os.close(writing)
        self._steps: IO[str] = os.fdopen(reading, encoding="utf-8")

    def run(self, as_of: date, progress: Callable[[str], None]) -> None:
        """Runs the night of `as_of` to its end, calling `progress` with each DAG's name; raises StageError when a DAG fails."""
        failed = ""
        with self._steps:
            assert self._child.stdin is not None
            self._child.stdin.write(f"{as_of.isoformat()}\n")
            self._child.stdin.close()
            for line in self._steps:
                step, _, state = line.strip().partition("\t")
                if state == "failed":
                    failed = step
                elif not state:
                    progress(step)
        if self._child.wait() != 0 or failed:
            raise StageError(f"The DAG {failed or 'bag'} failed in Airflow; see {self.log} for the task and its reason.")

    def stop(self) -> None:
        """Ends the child where the caller cannot go on."""
        self._child.kill()
        self._child.wait()


def bring_up() -> Any:
    """Makes or migrates Airflow's database and its pools, and gives the bag of our DAGs. The environment is that of `airflow_environment`.

    Raises StageError when a DAG cannot be read.
    """
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    initdb()
    for name, (slots, description) in POOLS.items():
        Pool.create_or_update_pool(name, slots=slots, description=description, include_deferred=False)
    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    if bag.import_errors:
        raise StageError(f"Airflow cannot read {sorted(bag.import_errors)[0]}; run it with Python to see why.")
    return bag


def run_night_here(as_of: Callable[[], date], say: Callable[[str], None]) -> None:
    """Brings Airflow up in this process, then runs every department's DAG and the match for the date that `as_of` gives."""
    bag = bring_up()
    day = as_of()
    departments = by_department(load_contracts(open_workspace().settings.schemas))
    for dag_id in [*(f"extract_{department}" for department in departments), MATCH_DAG]:
        say(dag_id)
        run = bag.dags[dag_id].test(run_conf={"as_of": day.isoformat()})
        if str(run.state) != "success":
            say(f"{dag_id}\tfailed")
            return


def _child(descriptor: int) -> None:
    with os.fdopen(descriptor, "w", encoding="utf-8", buffering=1) as steps:
        run_night_here(lambda: date.fromisoformat(sys.stdin.readline().strip()), lambda text: print(text, file=steps, flush=True))


if __name__ == "__main__":
    _child(int(sys.argv[1]))
