"""One Airflow of its own for these tests, in a temporary folder: the environment must stand before Airflow is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts import by_department
from pipelines.night import contracts_of
from pipelines.orchestration import MATCH_DAG, airflow_environment, bring_up
from pipelines.synthetic.province import synthesize
from pipelines.workspace import Workspace, open_workspace

AS_OF = date(2020, 7, 31)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with deliveries of a very small province."""
    place = open_workspace(tmp_path_factory.mktemp("airflow"))
    synthesize(place.root, 300, AS_OF, 7)
    return place


@pytest.fixture(scope="session")
def bag(workspace: Workspace) -> Iterator[Any]:
    """The DAGs as Airflow reads them."""
    before = dict(os.environ)
    Path(workspace.root, "airflow").mkdir()
    os.environ.update(airflow_environment(workspace))
    yield bring_up()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def night_through_airflow(bag: Any, workspace: Workspace) -> list[str]:
    """Every department's DAG and the match, run to their end; their names."""
    dag_ids = [*(f"extract_{name}" for name in by_department(contracts_of(workspace))), MATCH_DAG]
    for dag_id in dag_ids:
        assert str(bag.dags[dag_id].test(run_conf={"as_of": AS_OF.isoformat()}).state) == "success"
    return dag_ids
