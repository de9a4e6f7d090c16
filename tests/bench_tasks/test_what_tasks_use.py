"""A task, run by the entry of its pod, uses what the pod leaves out at first: it is all there."""

import json
import shutil
from typing import Any

import pytest

from tools.bench_tasks import pod
from tools.bench_tasks.platform import Platform

DAG_ID = "uses"
DAG = f"""
import asyncio
from datetime import UTC, datetime

from airflow.sdk import Variable, dag, task


def tried(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__


@dag(dag_id="{DAG_ID}", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC))
def uses():
    @task
    def work():
        from airflow import models, settings
        from airflow.providers.microsoft.azure.hooks.wasb import WasbAsyncHook, WasbHook
        from airflow.providers.postgres.hooks.postgres import PostgresHook

        lake = WasbHook("lake")
        lake.load_string("hello", "airflow-logs", "used", overwrite=True)
        with PostgresHook("warehouse").get_sqlalchemy_engine().connect() as warehouse:
            seven = warehouse.exec_driver_sql("select 7").scalar()

        async def finds():
            async with await WasbAsyncHook("lake").get_async_conn() as client:
                return await client.get_blob_client("airflow-logs", "used").exists()

        return {{
            "a variable": Variable.get("kind"),
            "a variable, as in Airflow 2": models.Variable.get("kind"),
            "a connection of its own": models.Connection(conn_type="http", host="h").get_uri(),
            "SQLAlchemy": seven,
            "Blob storage": lake.read_file("airflow-logs", "used"),
            "Blob storage, asynchronously": asyncio.run(finds()),
            "Airflow's database": tried(lambda: settings.Session()),
            "an engine for it": tried(lambda: settings.configure_orm()),
        }}

    work()


uses()
"""


@pytest.fixture(scope="module")
def used(bench: Platform) -> dict[str, Any]:
    """What the task returned."""
    dags = bench.folder / DAG_ID
    dags.mkdir()
    (dags / f"{DAG_ID}.py").write_text(DAG)
    bench.read(dags, 1)
    bench.api("POST", f"/api/v2/dags/{DAG_ID}/dagRuns", {"logical_date": None})
    host, _, port = bench.database.partition(":")
    warehouse = {"conn_type": "postgres", "host": host, "port": int(port), "login": "postgres"}
    lake = {"conn_type": "wasb", "extra": {"connection_string": bench.storage}}
    more = {
        "AIRFLOW_CONN_WAREHOUSE": json.dumps(warehouse | {"schema": "airflow"}),
        "AIRFLOW_CONN_LAKE": json.dumps(lake),
        "AIRFLOW_VAR_KIND": "good",
    }
    pod.run_waiting_task(bench, more, marked=False)
    shutil.rmtree(dags)  # the next bench would upload it again
    values = bench.sql(f"select value from xcom where dag_id = '{DAG_ID}'")
    assert values, (bench.folder / "pod.log").read_text()[-4000:]
    answer: dict[str, Any] = json.loads(values[0])
    return answer


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("a variable", "good"),
        ("a variable, as in Airflow 2", "good"),
        ("a connection of its own", "http://h"),
        ("SQLAlchemy", 7),
        ("Blob storage", "hello"),
        ("Blob storage, asynchronously", True),
    ],
)
def test_a_task_uses_what_its_pod_has_not_imported(
    used: dict[str, Any], what: str, answer: object
) -> None:
    assert used[what] == answer


@pytest.mark.parametrize("what", ["Airflow's database", "an engine for it"])
def test_a_task_is_refused_airflow_s_database(used: dict[str, Any], what: str) -> None:
    assert used[what] == "RuntimeError"
