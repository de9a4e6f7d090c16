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
import importlib.metadata, io, json, os, pathlib, sys
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

told["subclass"] = issubclass(CallbackKey, types.CallbackKey), issubclass(int, types.CallbackKey)

import structlog
told["plain"] = structlog.dev.default_exception_formatter is structlog.dev.plain_traceback
drawn = io.StringIO()
try:
    1 / 0
except ZeroDivisionError:
    structlog.dev.rich_traceback(drawn, sys.exc_info())
told["rich"] = drawn.getvalue()

import yaml
packages = pathlib.Path(sys.argv[2])
list(importlib.metadata.distributions())
(packages / "late-1.0.dist-info").mkdir()
(packages / "late-1.0.dist-info" / "METADATA").write_text("Name: late")
sys.path.append(str(packages))

def looks():
    late = any(one.metadata["Name"] == "late" for one in importlib.metadata.distributions())
    try:
        return [late, yaml.safe_load is fast, yaml.safe_load("!twice 4")]
    except yaml.YAMLError:
        return [late, yaml.safe_load is fast, None]

fast = yaml.safe_load
told["supervisor"] = looks()
yaml.SafeLoader.add_constructor("!twice", lambda loader, node: 2 * int(node.value))
told["taught"] = looks()
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


def test_a_name_that_stands_for_a_class_knows_its_subclasses(told: dict[str, Any]) -> None:
    assert told["subclass"] == [True, False]


def test_structlog_writes_tracebacks_as_python_does(told: dict[str, Any]) -> None:
    assert told["plain"]


def test_structlog_draws_a_traceback_by_rich_where_it_is_told_to(told: dict[str, Any]) -> None:
    assert "ZeroDivisionError" in told["rich"]


def test_the_supervisor_lists_packages_once_and_reads_yaml_fast(told: dict[str, Any]) -> None:
    assert told["supervisor"] == [False, True, None]


def test_yaml_is_read_by_the_loader_that_somebody_taught(told: dict[str, Any]) -> None:
    assert told["taught"] == [False, True, 8]


def test_a_task_lists_packages_and_reads_yaml_as_always(told: dict[str, Any]) -> None:
    assert told["task"] == [True, False, 8]
