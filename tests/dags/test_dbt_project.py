"""The dbt project builds on a real PostgreSQL, and its tests can fail."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import ROOT
from tests.parts.postgres import Postgres

Dbt = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run_dbt(dbt: Path, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """Run dbt with the local target against a database of its own."""
    target = tmp_path_factory.mktemp("dbt")
    environment = os.environ | {
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": str(postgres.port),
        "POSTGRES_DATABASE": postgres.create("dbt"),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        folders = ["--target-path", str(target), "--log-path", str(target)]
        return subprocess.run(
            [dbt / "dbt", "--no-use-colors", *arguments, "--profiles-dir", ".", *folders],
            cwd=ROOT / "dags" / "dbt",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def built(run_dbt: Dbt) -> str:
    """What `dbt build` says, on the seeds for laptops."""
    assert run_dbt("seed").returncode == 0
    return run_dbt("build", "--exclude-resource-type", "seed").stdout


def test_every_model_and_test_of_the_project_passes(built: str) -> None:
    assert "PASS=21 WARN=0 ERROR=0 SKIP=0" in built


def test_revenue_counts_an_order_that_was_sent_twice_once(built: str, postgres: Postgres) -> None:
    rows = postgres.query(
        "dbt", "select orders, revenue_euro from marts.daily_revenue where country_code = 'CH'"
    )

    assert rows == [["1", "96.84"]]


def test_an_order_without_a_rate_fails_the_build(
    built: str, run_dbt: Dbt, postgres: Postgres
) -> None:
    postgres.query("dbt", "delete from raw.exchange_rates where currency = 'CHF'")

    done = run_dbt("build", "--select", "fct_orders")

    assert done.returncode == 1
    assert "not_null_fct_orders_amount_euro" in done.stdout


def test_the_manifest_for_the_cluster_holds_no_seeds_for_laptops(manifest: Path) -> None:
    nodes = json.loads(manifest.read_text())["nodes"]

    assert [name for name in nodes if name.startswith("seed.")] == ["seed.orders.countries"]
