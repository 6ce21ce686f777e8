"""One DAG a department, generated from schemas/: await the delivery, land → conform → validate each dataset, close the delivery.

A run's partition is the as-of date D. `close_delivery` emits the department's partition exactly once a night: as soon as the delivery is complete
(every dataset within its cadence), or at 02:00 Asia/Shanghai on D + 1 with what is there and the rest marked late, even when a task failed.
The five partitions together start `nightly_match`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, CronPartitionTimetable, TaskGroup, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from dags.common import ENGINE_POOL, LANDING_POOL, as_of_of, as_of_parameter, contracts, database_url, department_asset, workspace
from pipelines.contracts import Contract, by_department

# D's deliveries are awaited from the evening of D; the partition key is D itself.
FROM_SIX_IN_THE_EVENING = CronPartitionTimetable("0 18 * * *", timezone="Asia/Shanghai", key_format="%Y-%m-%d")


def dataset_tasks(contract: Contract) -> TaskGroup:
    """land → conform → validate of one dataset; XComs carry counts only."""
    with TaskGroup(contract.dataset) as group:

        @task(pool=LANDING_POOL)
        def land() -> dict[str, int]:
            from pipelines import night

            return night.land_dataset(workspace(), contract.dataset, as_of_of(get_current_context()))

        @task(pool=ENGINE_POOL)
        def conform() -> dict[str, int]:
            from pipelines import night

            return night.conform_dataset(workspace(), contract.dataset, as_of_of(get_current_context()))

        @task(pool=ENGINE_POOL)
        def validate() -> dict[str, int]:
            from pipelines import night

            return night.validate_dataset(workspace(), contract.dataset, as_of_of(get_current_context()))

        land() >> conform() >> validate()
    return group


def pull_task(contract: Contract) -> Any:
    """Pulls the dataset from the database that its contract names into the inbox, dated the as-of date."""

    @task(task_id=f"pull_{contract.dataset}", pool=LANDING_POOL)
    def pull() -> str:
        from pipelines.extracts.database import pull as pull_dataset

        assert contract.source is not None
        return str(pull_dataset(workspace(), contract, database_url(contract.source.connection), as_of_of(get_current_context())))

    return pull()


def department_dag(department: str, datasets: list[Contract]) -> DAG:
    """The DAG of one department over its datasets."""
    asset: Asset = department_asset(department)
    titles = ", ".join(f"{contract.dataset} ({contract.title})" for contract in datasets)
    with DAG(
        dag_id=f"extract_{department}",
        schedule=FROM_SIX_IN_THE_EVENING,
        catchup=False,
        max_active_runs=1,
        default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": True, "execution_timeout": timedelta(hours=2)},
        params={"as_of": as_of_parameter()},
        tags=["doudi", "extract", department],
        doc_md=f"""### Deliveries of `{department}`

Lands, conforms and validates {titles}.

Partition: the as-of date. Emitted once a night: on complete delivery, or at 02:00 Asia/Shanghai of the next day with what is there.
Every task may be cleared and run again: the same bytes are not read twice, and results are replaced whole.
A refused file changes nothing; the last good snapshot stays in force and its age shows in the night's report.
""",
    ) as dag:

        # A pull that failed shows as a late delivery; it does not keep the others waiting
        @task.sensor(
            mode="reschedule", poke_interval=300, timeout=timedelta(hours=9).total_seconds(), retries=0, trigger_rule=TriggerRule.ALL_DONE
        )
        def wait_for_delivery() -> bool:
            """Done when every dataset is within its cadence, or when the night closes."""
            from pipelines import night

            as_of = as_of_of(get_current_context())
            return night.night_is_closed(as_of) or night.delivery_is_complete(workspace(), department, as_of)

        @task(inlets=[asset], outlets=[asset], trigger_rule=TriggerRule.ALL_DONE)
        def close_delivery(outlet_events: Any = None, inlet_events: Any = None) -> dict[str, int]:
            """Emits the department's partition, once: where the night's partition was emitted before, the task is skipped and emits nothing."""
            from pipelines import night

            as_of = as_of_of(get_current_context())
            if any((event.extra or {}).get("as_of") == as_of.isoformat() for event in inlet_events[asset]):
                raise AirflowSkipException(f"{department} has closed its delivery of {as_of} before.")
            closing = night.close_delivery(workspace(), department, as_of)
            outlet_events[asset].extra = {"as_of": as_of.isoformat(), **closing}
            if not get_current_context()["dag_run"].partition_key:  # a run by hand names its partition itself
                outlet_events[asset].add_partitions(as_of.isoformat())
            return closing

        waited, closed = wait_for_delivery(), close_delivery()
        for contract in datasets:
            if contract.source is not None:
                pull_task(contract) >> waited
            waited >> dataset_tasks(contract) >> closed
    return dag


globals().update({f"extract_{department}": department_dag(department, contracts) for department, contracts in by_department(contracts()).items()})
