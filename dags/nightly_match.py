"""The nightly match: link → evaluate → publish → report, started when all five departments have closed their deliveries of one as-of date."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import and_

from airflow.sdk import DAG, PartitionedAssetTimetable, get_current_context, task

from dags.common import ENGINE_POOL, LEDGER_POOL, as_of_of, as_of_parameter, department_assets, workspace

with DAG(
    dag_id="nightly_match",
    schedule=PartitionedAssetTimetable(assets=reduce(and_, department_assets())),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": True, "execution_timeout": timedelta(hours=4)},
    params={"as_of": as_of_parameter()},
    tags=["doudi", "match"],
    doc_md="""### The nightly match

Links the same person across the departments' extracts, evaluates rules and checks as of the partition's date,
publishes one night to the ledger in one transaction, and writes the reports.

Every task replaces its result whole, so any of them may be cleared and run again; publishing the same night twice changes nothing.
What could not be checked is suspended for its county and named in `reports/<as-of>/run.json`, never taken as clear.
""",
) as dag:

    @task(pool=ENGINE_POOL)
    def link() -> dict[str, int]:
        """Fixes which files are in force and who is who."""
        from pipelines import night

        return night.link_night(workspace(), as_of_of(get_current_context()))

    @task(pool=ENGINE_POOL)
    def evaluate() -> dict[str, int]:
        """Facts, rules and checks."""
        from pipelines import night

        return night.evaluate_night(workspace(), as_of_of(get_current_context()))

    # The gate stands here: publication will wait for the data office when a family's count moves more than the policy's bound.

    @task(pool=LEDGER_POOL)
    def publish() -> dict[str, int]:
        """One transaction into the ledger, or nothing."""
        from pipelines import night

        return night.publish_night(workspace(), as_of_of(get_current_context()))

    @task
    def report() -> str:
        """Workbooks and pages; gives their folder."""
        from pipelines import night

        return str(night.report_night(workspace(), as_of_of(get_current_context())))

    link() >> evaluate() >> publish() >> report()
