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
SUPERVISOR = (
    ENTRY,
    "airflow.executors.workloads",
    "airflow.executors.base_executor",
    "airflow.sdk.execution_time.supervisor",
)
# the forked child: fetches the DAGs, reads the DAG file, and runs the task
TASK = (
    "airflow_azure.bundle",
    "airflow.dag_processing.dagbag",
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.standard.operators.python",
)
# servers, clients and number crunchers that no task needs to begin, what draws on terminals, and
# Airflow's own ways to the database
HEAVY = {
    "aiohttp",
    "airflow.cli.cli_config",
    "airflow.models.base",
    "airflow.serialization.serialized_objects",
    "azure.storage.blob.aio",
    "cadwyn",
    "cryptography",
    "fastapi",
    "flask",
    "grpc",
    "h2",
    "jsonschema",
    "kubernetes",
    "libcst",
    "msrest",
    "numpy",
    "pandas",
    "rich",
    "sqlalchemy",
    "tabulate",
    "uvicorn",
}
MOST = 1_400  # 1,380 with Airflow 3.3.2
# what the entry does, then the task in the forked process
SOURCE = f"""
import json, gc, os, sys, {", ".join(SUPERVISOR)}
entry = list(sys.modules)
collects = [gc.isenabled()]
if os.fork():
    os.wait()
    sys.exit()
import {", ".join(TASK)}
from airflow.sdk.listener import get_listener_manager
get_listener_manager()
collects += [gc.isenabled(), gc.get_freeze_count()]
if not os.fork():
    os._exit(gc.get_freeze_count() != collects[2])
collects += [os.wait()[1]]
print(json.dumps([entry, list(sys.modules), collects]))
"""


@dataclass(frozen=True)
class Imported:
    """What a task's two processes load.

    Args:
        entry: modules that are loaded before the fork.
        all: modules that are loaded when the task begins, with Airflow's plugins.
        collects: whether Python's collector works before and after the fork; how many objects it
            never looks at; and 0 if that stays so when the task forks.
    """

    entry: set[str]
    all: set[str]
    collects: list[int]


@pytest.fixture(scope="module")
def imported(airflow: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """What a process loads with the settings of a task's pod, in the pod's own order."""
    home = tmp_path_factory.mktemp("airflow")
    config = home / "config"  # Airflow looks there for its local settings
    config.mkdir()
    shutil.copy(IMAGE / "airflow_local_settings.py", config)
    shutil.copytree(IMAGE / "plugins", home / "plugins")
    done = subprocess.run(
        [airflow / "python", "-c", SOURCE, ENTRY],  # by the last word a pod's process is known
        env={
            "PATH": str(airflow),
            "PYTHONPATH": str(IMAGE),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "airflow_azure.logs.LOGGING_CONFIG",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "wasb://tasks",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    entry, everything, collects = json.loads(done.stdout.splitlines()[-1])
    return Imported(set(entry), set(everything), collects)


def test_no_heavy_package_is_on_a_task_s_path(imported: Imported) -> None:
    assert HEAVY & imported.all == set()


def test_a_task_does_not_import_what_the_dag_processor_is_hooked_by(imported: Imported) -> None:
    assert "airflow.dag_processing.manager" not in imported.all


def test_a_task_imports_no_more_modules_than_now(imported: Imported) -> None:
    assert len(imported.all) <= MOST


def test_storage_s_client_is_imported_once_before_the_fork(imported: Imported) -> None:
    again = {
        name for name in imported.all - imported.entry if name.startswith(("azure", "aiohttp"))
    }

    assert "azure.storage.blob" in imported.entry
    assert again == set()


def test_python_s_collector_does_not_look_at_what_airflow_imports(imported: Imported) -> None:
    before_the_fork, in_the_task, spared, _ = imported.collects

    assert not before_the_fork
    assert in_the_task
    assert spared > 100_000


def test_a_task_that_forks_keeps_its_garbage_for_the_collector(imported: Imported) -> None:
    assert imported.collects[3] == 0


TELLS = """
import gc

class Left:
    def __init__(self):
        self.cycle = self
    def __del__(self):
        print("collected")

Left()
print(gc.isenabled(), gc.get_threshold()[0])
"""


def told(airflow: Path, folder: Path, *command: str) -> list[str]:
    """Return what a program says of its collector, and whether that works at its end."""
    (folder / command[0]).write_text(TELLS)
    done = subprocess.run(
        [airflow / "python", folder / command[0], *command[1:]],
        env={"PATH": str(airflow), "PYTHONPATH": str(IMAGE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("command", ["api-server", "dag-processor", "db", "jobs", "scheduler"])
def test_a_command_of_airflow_collects_less_often_and_not_at_its_end(
    airflow: Path, tmp_path: Path, command: str
) -> None:
    assert told(airflow, tmp_path, "airflow", command) == ["True 50000"]


@pytest.mark.parametrize(
    "command", [("script.py", "db"), ("airflow", "celery"), ("airflow", "dags", "test")]
)
def test_what_runs_people_s_code_collects_as_always(
    airflow: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    assert told(airflow, tmp_path, *command) == ["True 700", "collected"]
