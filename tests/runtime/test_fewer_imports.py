"""What a task's pod leaves out is there for whoever uses it: `airflow_azure.fewer_imports`."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests import ROOT

LEFT_OUT = (
    "aiohttp",
    "airflow.cli.cli_config",
    "airflow.models.callback",
    "airflow.models.connection",
    "azure.identity.aio",
    "azure.storage.blob.aio",
    "cryptography",
    "h2",
    "libcst",
    "msrest",
    "pathspec",
    "pygments",
    "rich",
    "sqlalchemy",
    "tabulate",
)
ENTRY = "airflow.sdk.execution_time.execute_workload"
DECORATED = '@task.virtualenv(requirements=["rich"])\ndef work():\n    return 1\n'
# the supervisor's imports, then one use of each thing that they leave out
SOURCE = f"""
import importlib.metadata, io, json, os, pathlib, sys
import {ENTRY}, airflow.executors.base_executor
from airflow import settings
from airflow._shared.module_loading import file_discovery
from airflow.dag_processing import dagbag
from airflow.executors import base_executor
from airflow.executors.workloads import types
from airflow.providers.microsoft.azure import utils
from airflow.providers.microsoft.azure.hooks import wasb
from airflow.providers.common.sql.hooks import sql
from airflow.providers.postgres.hooks import postgres
from airflow.sdk import DAG
from airflow.sdk.definitions._internal import decorators
from cosmos import ProfileConfig, cache
from cosmos.operators.local import DbtBuildLocalOperator
from azure.storage.blob._shared import authentication

def there(*names):
    return [name for name in names if name in sys.modules]

told = {{}}
told["before"] = there({", ".join(map(repr, LEFT_OUT))})

class Hook(sql.DbApiHook):
    conn_name_attr, connection_extra = "id", {{"dialect": "of the extra"}}
    def get_uri(self):
        if not self.uri:
            raise ValueError
        return self.uri

def dialect(uri):
    hook = Hook()
    hook.uri = uri
    return hook.dialect_name

told["sql"] = [postgres.USE_PSYCOPG3, *there("sqlalchemy")]
told["dialects"] = [dialect(""), *there("sqlalchemy"), dialect("no URL"), dialect("sqlite://")]
import sqlalchemy.exc
told["caught"] = cache.SQLAlchemyError is sqlalchemy.exc.SQLAlchemyError

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

import httpcore, httpx
http2 = httpx.Client(http2=True)._transport._pool
told["http2"] = [http2._http2, httpcore.HTTP2Connection.READ_NUM_BYTES > 0]

from azure.identity import CertificateCredential
from azure.storage.blob import _encryption
told["certificate"] = type(CertificateCredential("t", "c", certificate_path=sys.argv[3])).__name__
told["encrypted"] = len(_encryption.AESGCM.generate_key(256))

from airflow.providers.microsoft.azure.hooks import base_azure
import threading
meet, made = threading.Barrier(8), []

def make():
    meet.wait()
    made.append(utils.AzureIdentityCredentialAdapter(credential=object()))

makers = [threading.Thread(target=make) for _ in range(8)]
for maker in makers:
    maker.start()
for maker in makers:
    maker.join()
told["made"] = len(made)
adapter = utils.AzureIdentityCredentialAdapter(credential=object())
from msrest.authentication import BasicTokenAuthentication
told["adapter"] = [
    isinstance(adapter, BasicTokenAuthentication),
    isinstance(adapter, base_azure.AzureIdentityCredentialAdapter),
]
class Mine(base_azure.AzureIdentityCredentialAdapter):
    pass

told["mine"] = isinstance(Mine(credential=object()), BasicTokenAuthentication)
from airflow.sdk.api.datamodels import _generated as models
told["models"] = [models.XComResponse.__pydantic_complete__]
told["models"] += [models.XComResponse.model_validate(dict(key="k", value=[7])).value]
told["models"] += [models.XComResponse.__pydantic_complete__]
import pickle
told["pickled"] = pickle.loads(pickle.dumps(wasb.AsyncContainerClient)).__module__
told["async"] = type(wasb.AsyncBlobServiceClient("https://a.blob.core.windows.net")).__module__

told["engine"] = settings.engine
told["select"] = settings.create_engine("sqlite://").connect().exec_driver_sql("select 7").scalar()
from airflow.models import Connection
from airflow.models.base import Base
told["model"] = issubclass(Connection, Base)
from airflow.models import DagRun
from sqlalchemy import select
told["query"] = str(select(DagRun.dag_id)).split()[:2]

folder = pathlib.Path(os.environ["AIRFLOW_HOME"])
(folder / ".airflowignore").write_text("packages/")
found = file_discovery.find_path_from_directory(folder, ".airflowignore", "glob")
told["ignored"] = [name for name in found if "packages/" in name]
told["help"] = base_executor.BaseExecutor._get_parser().format_help().split()[1]

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
    (home / "packages" / "of_dags.py").touch()
    issued = trustme.CA().issue_cert("dags.contoso.com", key_type=trustme.KeyType.RSA)
    issued.private_key_and_cert_chain_pem.write_to_path(home / "certificate.pem")
    done = subprocess.run(
        [airflow / "python", "-c", SOURCE, ENTRY, home / "packages", home / "certificate.pem"],
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


def test_httpx_and_httpcore_speak_http_2(told: dict[str, Any]) -> None:
    assert told["http2"] == [True, True]


def test_entra_s_client_reads_a_certificate(told: dict[str, Any]) -> None:
    assert told["certificate"] == "CertificateCredential"


def test_storage_s_client_encrypts_blobs(told: dict[str, Any]) -> None:
    assert told["encrypted"] == 32


def test_a_credential_for_azure_s_old_clients_is_one_of_theirs(told: dict[str, Any]) -> None:
    assert told["adapter"] == [True, True]


def test_threads_may_be_the_first_to_use_it_together(told: dict[str, Any]) -> None:
    assert told["made"] == 8


def test_a_model_of_the_api_is_built_when_it_is_used(told: dict[str, Any]) -> None:
    assert told["models"] == [False, [7], True]


def test_what_stands_in_for_a_class_has_subclasses(told: dict[str, Any]) -> None:
    assert told["mine"] is True


def test_what_stands_in_for_a_class_is_pickled_as_that_class(told: dict[str, Any]) -> None:
    assert told["pickled"].startswith("azure.storage.blob.aio")


def test_the_hook_of_blob_storage_has_its_asynchronous_client(told: dict[str, Any]) -> None:
    assert told["async"].startswith("azure.storage.blob.aio")


def test_the_hook_of_postgres_takes_the_driver_that_it_takes_with_sqlalchemy(
    told: dict[str, Any],
) -> None:
    assert told["sql"] == [True]


def test_errors_of_a_module_that_nobody_imported_are_caught_before_and_after_it_is(
    told: dict[str, Any],
) -> None:
    assert told["dialects"] == ["of the extra", "of the extra", "sqlite"]


def test_whoever_catches_errors_of_a_module_has_the_module_s_own(told: dict[str, Any]) -> None:
    assert told["caught"] is True


def test_a_task_has_no_engine_for_airflow_s_database(told: dict[str, Any]) -> None:
    assert told["engine"] is None


def test_a_task_asks_other_databases_by_sqlalchemy(told: dict[str, Any]) -> None:
    assert told["select"] == 7


def test_airflow_s_models_are_real_to_those_who_import_them(told: dict[str, Any]) -> None:
    assert told["model"] is True


def test_airflow_s_models_find_each_other(told: dict[str, Any]) -> None:
    assert told["query"] == ["SELECT", "dag_run.dag_id"]


def test_a_folder_of_dags_has_files_to_ignore(told: dict[str, Any]) -> None:
    assert told["ignored"] == []


def test_an_executor_shows_its_page_of_help(told: dict[str, Any]) -> None:
    assert told["help"] == "airflow"


def test_the_supervisor_lists_packages_once_and_reads_yaml_fast(told: dict[str, Any]) -> None:
    assert told["supervisor"] == [False, True, None]


def test_yaml_is_read_by_the_loader_that_somebody_taught(told: dict[str, Any]) -> None:
    assert told["taught"] == [False, True, 8]


def test_a_task_lists_packages_and_reads_yaml_as_always(told: dict[str, Any]) -> None:
    assert told["task"] == [True, False, 8]
