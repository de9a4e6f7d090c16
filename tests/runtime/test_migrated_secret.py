"""A DAG of Airflow 2 on the running platform: its password goes from the old system to the task."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helm_values.infrastructure import INFRASTRUCTURE
from tests.runtime.live import DAGS, LiveAirflow

VAULT, SALES = INFRASTRUCTURE.dag_vault_name, INFRASTRUCTURE.team_vault_names["sales-data"]
OLD_DAG = """
from datetime import datetime

from airflow import DAG
from airflow.hooks.base_hook import BaseHook
from airflow.models import Variable
from airflow.operators.python_operator import PythonOperator


def read(conn_id, **context):
    found = BaseHook.get_connection(conn_id)
    print("signs in at", found.host, "with", len(found.password), "characters")
    print("the rate is", Variable.get("sales_data_api_key")[::-1])


with DAG("shop", start_date=datetime(2024, 1, 1), schedule_interval=None) as dag:
    PythonOperator(task_id="read", python_callable=read, op_args=["shop_db"])

with DAG("unknown_shop", start_date=datetime(2024, 1, 1), schedule_interval=None) as unknown:
    PythonOperator(task_id="read", python_callable=read, op_args=["never_asked"])
"""
OLD_CONNECTION = {"conn_type": "postgres", "host": "shop", "login": "etl", "password": "hunter2"}
# the old system's CLI, and Azure's, which writes down what it is told
OLD_CLI = """#!/bin/sh
case "$1" in
connections) printf '%s' '[{"conn_id": "shop_db", "conn_type": "postgres", "host": "shop",
  "login": "etl", "password": "hunter2", "extra_dejson": {}}]' ;;
variables) printf 'terces\\n' ;;
esac
"""
AZ = """#!/bin/sh
[ "$1 $2 $3 $4 $6" = "keyvault secret set --vault-name --name" ] || exit 2
mkdir -p "$WRITTEN/$5" && cat > "$WRITTEN/$5/$7"
"""


def program(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


@pytest.fixture(scope="module")
def moved(live: LiveAirflow, tmp_path_factory: pytest.TempPathFactory) -> LiveAirflow:
    """The platform after the move: the migrated DAG uploaded, its secrets in their vaults."""
    place = tmp_path_factory.mktemp("move")
    for name in ("source", "old", "bin"):
        (place / name).mkdir()
    (place / "source" / "shop.py").write_text(OLD_DAG)
    (place / "old" / "connections.json").write_text(json.dumps({"shop_db": OLD_CONNECTION}))
    (place / "old" / "variables.json").write_text(json.dumps({"sales_data_api_key": "terces"}))
    command = [sys.executable, "-m", "dag_migration", "--airflow", str(live.home.bin)]
    command += ["--old-system", str(place / "old"), str(place / "source"), str(place / "target")]
    migrated = subprocess.run(command, capture_output=True, text=True, check=False)
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    program(place / "bin" / "old-airflow", OLD_CLI)
    program(place / "bin" / "az", AZ)
    environment = {
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "VAULT": VAULT,
        "TEAM_VAULTS": f"sales=kvother sales-data={SALES}",
        "OLD_AIRFLOW": "old-airflow",
        "WRITTEN": str(place / "written"),
    }
    script = place / "target" / "secrets-to-key-vault.sh"
    subprocess.run(["bash", script], env=environment, check=True, capture_output=True)
    for secret in (place / "written").glob("*/*"):
        live.vaults.put(secret.parent.name, secret.name, secret.read_text())
    dags = shutil.copytree(DAGS, place / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(place / "target" / "dags" / "shop.py", dags)
    live.upload(dags, commit="c7")
    return live


def test_a_migrated_dag_reads_the_password_that_the_old_system_had(moved: LiveAirflow) -> None:
    run_id = moved.run_dag("shop")
    state = moved.finished("shop", run_id)

    log = moved.log("shop", run_id, "read")
    assert state == "success", log
    assert "signs in at shop with 7 characters" in log
    assert "the rate is" in log
    assert "hunter2" not in log


def test_with_the_vault_away_the_task_says_what_is_wrong(moved: LiveAirflow) -> None:
    with moved.vaults.away():
        run_id = moved.run_dag("unknown_shop")
        state = moved.finished("unknown_shop", run_id)

    log = moved.log("unknown_shop", run_id, "read")
    assert state == "failed"
    assert f"Key Vault https://{VAULT}.vault.azure.net/ has no answer for connection" in log
    assert "isn't defined" not in log


def test_no_task_asks_a_vault_itself(moved: LiveAirflow) -> None:
    log = (moved.home.folder / "scheduler.log").read_text()

    assert "AIRFLOW__SECRETS__BACKEND" not in moved.home.env
    assert "KeyVaultSecrets" not in log
