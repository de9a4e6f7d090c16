"""The example DAGs do what their descriptions say, on a real lake and a real warehouse."""

import os
import subprocess
from pathlib import Path

from tests import ROOT
from tests.dags.ran import Ran


def test_orders_ingest_writes_the_good_rows_of_every_file(ran: Ran) -> None:
    files = ran.lake.download_all("data", "curated/orders/2026-01-01/")

    assert {name: text.count("\n") for name, text in files.items()} == {
        "_SUCCESS": 0,
        "outlet.csv": 11,
        "shop.csv": 11,
    }


def test_orders_ingest_keeps_a_bad_row_with_its_reason(ran: Ran) -> None:
    rejected = ran.lake.download_all("data", "rejected/orders/2026-01-01/")

    assert rejected["shop.csv"].splitlines()[1].endswith('"amount is -3.0, must be more than 0"')


def test_orders_ingest_runs_one_task_a_file(ran: Ran) -> None:
    rows = ran.warehouse.query(
        ran.airflow_database,
        "select map_index from task_instance where dag_id = 'orders_ingest' "
        "and task_id = 'curate' and state = 'success' order by 1",
    )

    assert rows == [["0"], ["1"]]


DEFERRABLE = """
from airflow.dag_processing.dagbag import DagBag
wait = DagBag("dags/orders_load.py").dags["orders_load"].get_task("wait_for_rates")
print("deferrable:", wait.partial_kwargs["deferrable"])
"""


def test_orders_load_gives_up_its_worker_while_it_waits(airflow: Path, tmp_path: Path) -> None:
    # In the run the rates are there, and then the sensor has nothing to wait for
    done = subprocess.run(
        [airflow / "python", "-c", DEFERRABLE],
        cwd=ROOT,
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "deferrable: True" in done.stdout


def test_orders_load_loads_what_was_curated(ran: Ran) -> None:
    rows = ran.warehouse.query("warehouse", "select count(*), min(loaded_for) from raw.orders")

    assert rows == [["20", "2026-01-01"]]


def test_orders_warehouse_makes_the_table_of_the_dashboard(ran: Ran) -> None:
    rows = ran.warehouse.query(
        "warehouse",
        "select country_name, orders, revenue_euro from marts.daily_revenue order by 1",
    )

    assert rows == [["Germany", "10", "105.00"], ["Switzerland", "10", "220.00"]]


def test_orders_warehouse_builds_all_models_in_one_task(ran: Ran) -> None:
    assert ran.states("orders_warehouse") == {"build": "success", "publish": "success"}


def test_maintenance_cleans_the_metadata_database(ran: Ran) -> None:
    assert ran.states("maintenance")["clean_metadata"] == "success"
    assert not ran.warehouse.query(
        ran.airflow_database, "select 1 from log where event = 'long ago'"
    )


def test_maintenance_keeps_new_logs(ran: Ran) -> None:
    assert ran.lake.download_all("logs", "") == {"dag_id=x/attempt=1.log": "new"}


def test_airflow_lists_the_four_dags_and_no_import_error(ran: Ran) -> None:
    listed = ran.output.split(">>> airflow dags list")

    names = ["maintenance", "orders_ingest", "orders_load", "orders_warehouse"]
    assert [line for line in listed[1].split() if line in names] == names
    assert "No data found" in listed[2]
