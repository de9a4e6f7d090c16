"""The warehouse: one task builds and tests all dbt models, in their own order."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import Asset, dag, task
from airflow_azure.dbt import EntraPostgresProfileMapping
from cosmos import ProfileConfig
from cosmos.constants import InvocationMode
from cosmos.operators.local import DbtBuildLocalOperator


@dag(
    schedule=[Asset("raw_orders")],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["orders", "dbt", "example"],
    default_args={"owner": "sales-data", "retries": 2, "retry_delay": timedelta(minutes=5)},
    doc_md="""
    ### Build the warehouse with dbt
    Starts when `orders_load` has loaded a day. One task runs `dbt build` for `dags/dbt`: each
    model, then its tests. A failed test stops what depends on that model and nothing else, and the
    task fails in the end.

    One task, because each one of its own costs a pod, an Airflow and a start of dbt.

    **It fails when** a test finds bad data: the task's log ends with the query that shows the rows.
    """,
)
def orders_warehouse():
    build = DbtBuildLocalOperator(
        task_id="build",
        project_dir=Path(__file__).parent / "dbt",
        profile_config=ProfileConfig(
            profile_name="orders",
            target_name="warehouse",
            # of the image: a fresh Entra token where the connection asks for one, in no file
            profile_mapping=EntraPostgresProfileMapping(
                "warehouse", profile_args={"schema": "staging"}
            ),
        ),
        dbt_executable_path="dbt",
        invocation_mode=InvocationMode.SUBPROCESS,
        install_deps=False,
        emit_datasets=False,
    )

    @task(outlets=[Asset("daily_revenue")])
    def publish() -> None:
        """Tell the readers of the marts that they are up to date."""

    build >> publish()


orders_warehouse()
