"""What the pod of a task imports: each module costs every task CPU and memory."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import ROOT

IMAGE = ROOT / "images" / "airflow"

# the parent: Airflow supervises the task, and uploads its log
ENTRY = "airflow.sdk.execution_time.execute_workload"
# the forked child: fetches the DAGs and runs the task
TASK = (
    "airflow_azure.bundle",
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.standard.operators.python",
)
# servers, clients and number crunchers that no task needs to begin
HEAVY = {"cadwyn", "fastapi", "flask", "grpc", "kubernetes", "numpy", "pandas", "uvicorn"}
# 2,015 with Airflow 3.3.2: its own entry imports 1,673, libcst and SQLAlchemy among them, and the
# hook of Blob storage brings aiohttp; both are upstream's to change
MOST = 2_030


@dataclass(frozen=True)
class Imported:
    """Names of the modules that are loaded before the fork, and when the task begins."""

    entry: set[str]
    all: set[str]


@pytest.fixture(scope="module")
def imported(airflow: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """What a process loads with the settings of a task's pod, in the pod's own order."""
    home = tmp_path_factory.mktemp("airflow")
    source = (
        f"import json, sys, {ENTRY}; entry = list(sys.modules); import {', '.join(TASK)}; "
        "print(json.dumps([entry, list(sys.modules)]))"
    )
    config = home / "config"  # Airflow looks there for its local settings
    config.mkdir()
    shutil.copy(IMAGE / "airflow_local_settings.py", config)
    done = subprocess.run(
        [airflow / "python", "-c", source],
        env={
            "PATH": str(airflow),
            "PYTHONPATH": str(IMAGE),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "airflow_azure.logs.LOGGING_CONFIG",
            "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "wasb://tasks",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    entry, everything = json.loads(done.stdout.splitlines()[-1])
    return Imported(set(entry), set(everything))


def test_no_heavy_package_is_on_a_task_s_path(imported: Imported) -> None:
    assert HEAVY & imported.all == set()


def test_a_task_imports_no_more_modules_than_now(imported: Imported) -> None:
    assert len(imported.all) <= MOST


def test_storage_s_client_is_imported_once_before_the_fork(imported: Imported) -> None:
    again = {
        name for name in imported.all - imported.entry if name.startswith(("azure", "aiohttp"))
    }

    assert "azure.storage.blob" in imported.entry
    assert again == set()
