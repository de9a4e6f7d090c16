"""The warehouse: each dbt model is an Airflow task, run and tested in the models' own order."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk import Asset, dag, task
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import InvocationMode, LoadMode, TestBehavior
from cosmos.profiles import PostgresUserPasswordProfileMapping

DBT = Path(__file__).parent / "dbt"


class EntraProfile(PostgresUserPasswordProfileMapping):
    """A dbt profile from an Airflow connection; a fresh Entra token stands in for its password.

    The token is asked for when the task runs and reaches dbt by an environment variable: neither
    the profile, nor the metadata database, nor a log ever holds it. A connection without
    `"iam": true` among its extras keeps its own password.
    """

    @property
    def conn(self):
        """The connection, with a token that is good for the next hour."""
        conn = super().conn
        if conn.extra_dejson.get("iam") and not conn.password:
            conn.login, conn.password, conn.port = PostgresHook().get_iam_token(conn)
        return conn


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
            profile_mapping=EntraProfile("warehouse", profile_args={"schema": "staging"}),
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
