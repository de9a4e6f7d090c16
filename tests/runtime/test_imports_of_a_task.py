"""What the pod of a task imports: each module costs every task CPU and memory."""

import json
import subprocess
from pathlib import Path

import pytest

from tests import ROOT

# the pod's entry point, then what fetches the DAGs, runs a task and uploads its log
PATH = (
    "airflow.sdk.execution_time.execute_workload",
    "airflow_azure.bundle",
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.standard.operators.python",
    "airflow_azure.logs",
)
# servers, clients and number crunchers that no task needs to begin
HEAVY = {"cadwyn", "fastapi", "flask", "grpc", "kubernetes", "numpy", "pandas", "uvicorn"}
# 2,017 with Airflow 3.3.2: its own entry imports 1,673, libcst and SQLAlchemy among them, and the
# hook of Blob storage brings aiohttp; both are upstream's to change
MOST = 2_030


@pytest.fixture(scope="module")
def imported(airflow: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every module that is loaded then."""
    source = f"import json, sys, {', '.join(PATH)}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [airflow / "python", "-c", source],
        env={
            "PATH": str(airflow),
            "PYTHONPATH": str(ROOT / "images" / "airflow"),
            "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_no_heavy_package_is_on_a_task_s_path(imported: list[str]) -> None:
    assert HEAVY & set(imported) == set()


def test_a_task_imports_no_more_modules_than_now(imported: list[str]) -> None:
    assert len(imported) <= MOST
