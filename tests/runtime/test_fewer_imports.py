"""What a task's pod leaves out is there for whoever uses it: `airflow_azure.fewer_imports`."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT

ENTRY = "airflow.sdk.execution_time.execute_workload"
DECORATED = '@task.virtualenv(requirements=["rich"])\ndef work():\n    return 1\n'
# the supervisor's imports, then one use of each thing that they leave out
SOURCE = f"""
import importlib.metadata, json, os, pathlib, sys
import {ENTRY}, airflow.executors.base_executor
from airflow.dag_processing import dagbag
from airflow.executors.workloads import types
from airflow.sdk import DAG
from airflow.sdk.definitions._internal import decorators
from azure.storage.blob._shared import authentication

def there(*names):
    return [name for name in names if name in sys.modules]

told = {{}}
told["before"] = there("aiohttp", "libcst", "rich", "tabulate", "airflow.models.callback")

from azure.core.pipeline.transport import RequestsTransport
told["requests"] = isinstance(RequestsTransport(), authentication.AioHttpTransport)
from azure.core.pipeline.transport import AioHttpTransport
told["aiohttp"] = isinstance(AioHttpTransport(), authentication.AioHttpTransport)

removes = decorators.remove_task_decorator
told["removed"] = [removes({DECORATED!r}, "@task.virtualenv") for _ in range(2)]

told["table"] = dagbag.tabulate([["a", "b"]], tablefmt="plain")
with DAG("lazy", schedule=None) as dag:
    pass
told["lazy"] = dagbag.LazyDeserializedDAG.from_dag(dag).dag_id

from airflow.models.callback import CallbackKey
told["state"] = types.state_class_for_key(CallbackKey("1")).__name__

import rich.console, structlog
told["rich"] = structlog.dev.default_exception_formatter is structlog.dev.plain_traceback

import yaml
class Own(yaml.SafeLoader): ...
packages = pathlib.Path(sys.argv[2])
list(importlib.metadata.distributions())
(packages / "late-1.0.dist-info").mkdir()
(packages / "late-1.0.dist-info" / "METADATA").write_text("Name: late")
sys.path.append(str(packages))

def looks():
    yaml.SafeLoader.add_constructor("!twice", lambda loader, node: 2 * int(node.value))
    late = any(one.metadata["Name"] == "late" for one in importlib.metadata.distributions())
    try:
        return [late, yaml.safe_load("!twice 4")]
    except yaml.YAMLError:
        return [late, None]

told["supervisor"] = looks()
read, write = os.pipe()
if not os.fork():
    os.write(write, json.dumps(looks()).encode())
    os._exit(0)
os.wait()
told["task"] = json.loads(os.read(read, 99))
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(airflow: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a pod's process, known by the name of its entry, tells of what it can still do."""
    home = tmp_path_factory.mktemp("airflow")
    (home / "packages").mkdir()
    done = subprocess.run(
        [airflow / "python", "-c", SOURCE, ENTRY, home / "packages"],
        env={
            "PATH": str(airflow),
            "PYTHONPATH": str(ROOT / "images" / "airflow"),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_they_are_left_out_at_first(told: dict[str, Any]) -> None:
    assert told["before"] == []


@pytest.mark.parametrize(("transport", "is_one"), [("requests", False), ("aiohttp", True)])
def test_storage_s_client_knows_a_transport_of_aiohttp(
    told: dict[str, Any], transport: str, is_one: bool
) -> None:
    assert told[transport] is is_one


def test_a_task_for_another_python_loses_its_decorator(told: dict[str, Any]) -> None:
    assert told["removed"] == ["def work():\n    return 1\n"] * 2


def test_a_dag_bag_draws_its_table(told: dict[str, Any]) -> None:
    assert told["table"] == "a  b"


def test_a_dag_bag_makes_a_dag_ready_for_the_database(told: dict[str, Any]) -> None:
    assert told["lazy"] == "lazy"


def test_the_key_of_a_callback_has_its_state(told: dict[str, Any]) -> None:
    assert told["state"] == "CallbackState"


def test_structlog_writes_tracebacks_as_python_does(told: dict[str, Any]) -> None:
    assert told["rich"]


def test_the_supervisor_lists_packages_once_and_reads_yaml_fast(told: dict[str, Any]) -> None:
    assert told["supervisor"] == [False, None]


def test_a_task_lists_packages_and_reads_yaml_as_always(told: dict[str, Any]) -> None:
    assert told["task"] == [True, 8]
