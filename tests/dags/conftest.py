"""The four example DAGs, run once by a real Airflow against real servers."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import ROOT
from tests.dags.ran import Ran
from tests.parts.azurite import Azurite
from tests.parts.postgres import Postgres

DAGS = ROOT / "dags"
ORDERS = "order_id,customer_id,country,ordered_on,currency,amount\n"
# Twenty good rows and one bad: less than a tenth.
SHOP = ORDERS + "".join(f"{n},c-{n},DE,2026-01-01,EUR,10.50\n" for n in range(1, 11))
OUTLET = ORDERS + "".join(f"{n},c-{n},CH,2026-01-01,CHF,20.00\n" for n in range(11, 21))
BAD_ROW = "21,c-21,DE,2026-01-01,EUR,-3\n"


@pytest.fixture(scope="session")
def run_airflow(
    airflow: Path,
    dbt: Path,
    postgres: Postgres,
    migrated: str,
    azurite: Azurite,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., str]:
    """Run Airflow commands where the example DAGs, the lake and the warehouse are."""
    database = postgres.create("example_dags", like=migrated)
    postgres.create("warehouse")
    warehouse = {"host": "127.0.0.1", "port": postgres.port, "login": postgres.user}
    lake = {"connection_string": azurite.connection_string}
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "PYTHONPATH": str(ROOT / "images" / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url(database),
        "AIRFLOW_CONN_AIRFLOW_DB": postgres.url(database),
        "AIRFLOW_CONN_WAREHOUSE": json.dumps(
            {"conn_type": "postgres", "schema": "warehouse", "password": "unused", **warehouse}
        ),
        "AIRFLOW_CONN_DATA_LAKE": json.dumps({"conn_type": "wasb", "extra": lake}),
        # airflow first, for the maintenance DAG; dbt last, as in the image
        "PATH": os.pathsep.join([str(airflow), os.environ["PATH"], str(dbt)]),
    }

    def run(*commands: list[str], timeout: int = 600) -> str:
        done = subprocess.run(
            [airflow / "python", Path(__file__).with_name("run_dags.py")],
            input="".join(json.dumps(command) + "\n" for command in commands),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    return run


@pytest.fixture(scope="session")
def manifest(dbt: Path) -> Path:
    """The manifest that the pipeline makes, where orders_warehouse looks for it."""
    project = DAGS / "dbt"
    command = [str(dbt / "dbt"), "--quiet", "parse", "--target", "warehouse"]
    subprocess.run([*command, "--profiles-dir", "."], cwd=project, check=True)
    return project / "target" / "manifest.json"


@pytest.fixture(scope="session")
def ran(
    run_airflow: Callable[..., str], manifest: Path, azurite: Azurite, postgres: Postgres
) -> Ran:
    """Let a day of orders go through the four DAGs, in the order of their assets."""
    azurite.create_container("data")
    azurite.create_container("logs")
    azurite.upload("data", "raw/orders/2026-01-01/shop.csv", SHOP + BAD_ROW)
    azurite.upload("data", "raw/orders/2026-01-01/outlet.csv", OUTLET)
    azurite.upload("data", "raw/exchange_rates/2026-01-01.csv", "currency,euro\nEUR,1\nCHF,1.1\n")
    azurite.upload("logs", "dag_id=x/attempt=1.log", "new")
    # so old that cleaning spares the runs of these tests, which are of January
    postgres.query(
        "example_dags", "insert into log (dttm, event) values ('1900-01-01', 'long ago')"
    )
    output = run_airflow(
        ["dags", "test", "orders_ingest", "2026-01-01"],
        ["dags", "test", "orders_load", "2026-01-01", "--conf", '{"day": "2026-01-01"}'],
        ["dags", "test", "orders_warehouse", "2026-01-01"],
        ["dags", "test", "maintenance", "--conf", '{"keep_days": 36500}'],
        ["dags", "list", "--columns", "dag_id", "--output", "plain"],
        ["dags", "list-import-errors"],
    )
    return Ran(azurite, postgres, output, "example_dags")
