"""What the DAGs share: the as-of date of a run, the departments' assets, the pools."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from airflow.sdk import Asset, BaseHook, Param
from sqlalchemy import make_url

from pipelines.contracts import Contract, by_department, load_contracts
from pipelines.workspace import Workspace, open_workspace

# Landing reads many files at once; the engine takes all cores and the memory limit, so one task at a time; the ledger publishes one night at a time.
LANDING_POOL, ENGINE_POOL, LEDGER_POOL = "landing", "engine", "ledger"


def workspace() -> Workspace:
    """The deployment's workspace, from DOUDI_WORKSPACE and doudi.toml."""
    return open_workspace()


def contracts() -> dict[str, Contract]:
    """The deployment's data contracts, by dataset."""
    return load_contracts(workspace().settings.schemas)


def as_of_parameter() -> Param:
    """The form's field for a run by hand; a scheduled run takes its partition instead."""
    return Param(
        None,
        type=["null", "string"],
        format="date",
        title="As-of date",
        description="The date whose state is matched. Leave empty on scheduled runs: the partition is the as-of date.",
    )


def as_of_of(context: Mapping[str, Any]) -> date:
    """The run's as-of date: its partition, else its parameter. Raises ValueError when it has neither."""
    given = context["dag_run"].partition_key or context["params"].get("as_of")
    if not given:
        raise ValueError("This run has neither a partition nor an as-of date; trigger it again and give the as-of date.")
    return date.fromisoformat(str(given)[:10])


def database_url(connection_id: str) -> str:
    """The SQLAlchemy URL of an Airflow connection; PostgreSQL is read through psycopg."""
    url = make_url(BaseHook.get_connection(connection_id).get_uri())
    driver = "postgresql+psycopg" if url.get_backend_name() in ("postgres", "postgresql") else url.drivername
    return url.set(drivername=driver).render_as_string(hide_password=False)


def department_asset(department: str) -> Asset:
    """The asset that a department's DAG emits, one partition a night."""
    return Asset(name=f"delivery_{department}", uri=f"doudi://delivery/{department}")


def department_assets() -> list[Asset]:
    """Every department's asset."""
    return [department_asset(department) for department in by_department(contracts())]
