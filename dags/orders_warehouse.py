"""The warehouse: each dbt model is an Airflow task, run and tested in the models' own order."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import Asset, dag, task
from airflow_azure.dbt import EntraPostgresProfileMapping
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import InvocationMode, LoadMode, TestBehavior

DBT = Path(__file__).parent / "dbt"


@dag(
    schedule=[Asset("raw_orders")],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["orders", "dbt", "example"],
    default_args={"owner": "sales-data", "retries": 2, "retry_delay": timedelta(minutes=5)},
    doc_md="""
    ### Build the warehouse with dbt
    Starts when `orders_load` has loaded a day. Each model of `dags/dbt` is a task, which also
    runs its tests; a failed test stops what depends on that model and nothing else.

    Airflow reads the models from `dbt/target/manifest.json`, which the pipeline makes
    (`make check-dags` on a laptop), so parsing this file starts no dbt.

    **It fails when** a test finds bad data: the task's log ends with the query that shows the rows.
    """,
)
def orders_warehouse():
    models = DbtTaskGroup(
        group_id="models",
        project_config=ProjectConfig(DBT, manifest_path=DBT / "target" / "manifest.json"),
        profile_config=ProfileConfig(
            profile_name="orders",
            target_name="warehouse",
            # of the image: a fresh Entra token where the connection asks for one, in no file
            profile_mapping=EntraPostgresProfileMapping(
                "warehouse", profile_args={"schema": "staging"}
            ),
        ),
        execution_config=ExecutionConfig(
            dbt_executable_path="dbt", invocation_mode=InvocationMode.SUBPROCESS
        ),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            invocation_mode=InvocationMode.SUBPROCESS,
            # one start of dbt for a model and its tests; a test of two models waits for both
            test_behavior=TestBehavior.BUILD,
            should_detach_multiple_parents_tests=True,
        ),
    )

    @task(outlets=[Asset("daily_revenue")])
    def publish() -> None:
        """Tell the readers of the marts that they are up to date."""

    models >> publish()


orders_warehouse()
