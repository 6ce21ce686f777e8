"""The DAGs in a real Airflow: what they are made of, that their night is the command line's night, and that a partition is emitted once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from pipelines.contracts import by_department
from pipelines.ledger.database import Ledger
from pipelines.ledger.queries import flags
from pipelines.night import contracts_of, delivery_is_complete, night_is_closed, run_night
from pipelines.workspace import Workspace
from tests.dags.conftest import AS_OF

MATCH = "nightly_match"


def events(asset: str) -> list[tuple[str | None, dict[str, Any]]]:
    """Partition and extra of every event of an asset, from Airflow's database."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.execute(select(AssetEvent).join(AssetModel, AssetModel.id == AssetEvent.asset_id).where(AssetModel.name == asset)).scalars()
        return [(row.partition_key, dict(row.extra)) for row in rows]


def test_one_dag_a_department_and_the_match(bag: Any, workspace: Workspace) -> None:
    departments = by_department(contracts_of(workspace))
    assert bag.import_errors == {}
    assert sorted(bag.dags) == sorted([*(f"extract_{name}" for name in departments), MATCH])
    for name, contracts in departments.items():
        tasks = set(bag.dags[f"extract_{name}"].task_ids)
        assert {f"{contract.dataset}.{step}" for contract in contracts for step in ("land", "conform", "validate")} < tasks


def test_every_dag_is_documented_retried_and_asks_for_the_date(bag: Any) -> None:
    for dag in bag.dags.values():
        assert dag.doc_md
        assert "as_of" in dag.params
        assert all(task.retries for task in dag.tasks if task.task_id != "wait_for_delivery")


def test_stages_that_share_a_resource_share_a_pool(bag: Any) -> None:
    pools = {task.task_id: task.pool for dag in bag.dags.values() for task in dag.tasks}
    assert {pools[name] for name in pools if name.endswith((".conform", ".validate")) or name in ("link", "evaluate")} == {"engine"}
    assert pools["publish"] == "ledger"
    assert pools["dibao.land"] == "landing"


def test_a_night_closes_at_two_the_next_morning_in_shanghai() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert not night_is_closed(AS_OF, datetime(2020, 8, 1, 1, 59, tzinfo=zone))
    assert night_is_closed(AS_OF, datetime(2020, 8, 1, 2, 0, tzinfo=zone))


def test_a_delivery_is_complete_when_every_dataset_is_within_its_cadence(workspace: Workspace) -> None:
    assert all(delivery_is_complete(workspace, name, AS_OF) for name in by_department(contracts_of(workspace)))
    assert not delivery_is_complete(workspace, "civil_affairs", AS_OF.replace(year=2021))


def test_the_night_through_airflow_is_the_night_of_the_command_line(night_through_airflow: list[str], workspace: Workspace) -> None:
    departments = by_department(contracts_of(workspace))
    through_airflow = pq.read_table(workspace.night(AS_OF) / "flags.parquet")
    with Ledger.open(workspace) as ledger:
        published = flags(ledger, AS_OF)
    run_night(workspace, AS_OF)
    assert pq.read_table(workspace.night(AS_OF) / "flags.parquet").equals(through_airflow)
    with Ledger.open(workspace) as ledger:
        assert flags(ledger, AS_OF).equals(published)
    assert all(events(f"delivery_{name}") == [(AS_OF.isoformat(), events(f"delivery_{name}")[0][1])] for name in departments)


def test_a_partition_is_emitted_once_however_often_the_dag_runs(bag: Any, night_through_airflow: list[str]) -> None:
    bag.dags["extract_disabled_federation"].test(run_conf={"as_of": AS_OF.isoformat()})
    assert [key for key, _ in events("delivery_disabled_federation")] == [AS_OF.isoformat()]


def test_no_personal_value_reaches_an_event(night_through_airflow: list[str], workspace: Workspace) -> None:
    said = [extra for name in by_department(contracts_of(workspace)) for _, extra in events(f"delivery_{name}")]
    assert said
    assert all(set(extra) <= {"as_of", "datasets", "files", "refused", "late"} for extra in said)
