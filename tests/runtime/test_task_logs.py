"""The writer of remote task logs against a real Blob service."""

import pytest

from tests.parts.azurite import Azurite
from tests.runtime.lab import Lab

NEW_WRITER = """
os.environ |= {
    "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
    "AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "wasb_default",
    "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "wasb://tasks",
    "AIRFLOW__AZURE_REMOTE_LOGGING__REMOTE_WASB_LOG_CONTAINER": containers()["container"],
    "AIRFLOW__AZURE_REMOTE_LOGGING__UPLOAD_PATIENCE_SECONDS": "1",
}
from airflow_azure.logs import PatientLogs
writer = PatientLogs.from_config()
local = pathlib.Path(writer.base_log_folder, "a", "1.log")
local.parent.mkdir(parents=True, exist_ok=True)
def stored():
    container = service.get_container_client(writer.wasb_container)
    return container.download_blob("tasks/a/1.log").readall().decode()
"""

LOOK_FAILS_ONCE = """
from azure.core.exceptions import ServiceResponseError
from azure.storage.blob import BlobClient
look = BlobClient.download_blob
def fail(*args, **kwargs):
    BlobClient.download_blob = look
    raise ServiceResponseError("connection reset by peer")
BlobClient.download_blob = fail
"""


@pytest.fixture
def logs(process: Lab) -> Lab:
    """A process with a writer, an empty container and a local log file."""
    process.do(NEW_WRITER)
    process.do("local.write_text('first\\n'); writer.upload(local)")
    return process


def test_a_log_is_uploaded_below_its_folder(logs: Lab) -> None:
    assert logs.eval("stored()") == "first\n"


def test_a_second_upload_continues_the_first(logs: Lab) -> None:
    logs.do("local.write_text('second\\n'); writer.upload(local)")

    assert logs.eval("stored()") == "first\nsecond\n"


def test_a_log_that_could_not_be_uploaded_stays_on_the_machine(logs: Lab, storage: Azurite) -> None:
    with storage.away():
        logs.do("local.write_text('second\\n'); writer.upload(local)")

    assert logs.eval("local.read_text()") == "second\n"
    assert logs.eval("stored()") == "first\n"


def test_an_outage_shorter_than_the_patience_delays_the_upload_only(
    logs: Lab, storage: Azurite
) -> None:
    logs.do("os.environ['AIRFLOW__AZURE_REMOTE_LOGGING__UPLOAD_PATIENCE_SECONDS'] = '30'")
    logs.do("import threading")
    with storage.away():
        logs.do("local.write_text('second\\n')")
        logs.do("late = threading.Thread(target=writer.upload, args=(local,)); late.start()")
        logs.do("late.join(0.5)")

    logs.do("late.join()")

    assert logs.eval("stored()") == "first\nsecond\n"


def test_a_failed_look_at_the_older_lines_never_replaces_them(logs: Lab) -> None:
    logs.do("os.environ['AIRFLOW__AZURE_REMOTE_LOGGING__UPLOAD_PATIENCE_SECONDS'] = '30'")
    logs.do(LOOK_FAILS_ONCE)

    logs.do("local.write_text('second\\n'); writer.upload(local)")

    assert logs.eval("stored()") == "first\nsecond\n"


def test_the_triggerer_never_waits_for_storage(logs: Lab, storage: Azurite) -> None:
    logs.do("os.environ['AIRFLOW__AZURE_REMOTE_LOGGING__UPLOAD_PATIENCE_SECONDS'] = '600'")

    with storage.away():
        assert logs.eval("writer.write('line', 'tasks/a/1.log.trigger.7.log')") is False


def test_two_writers_at_once_lose_no_line(logs: Lab) -> None:
    logs.do("os.environ['AIRFLOW__AZURE_REMOTE_LOGGING__UPLOAD_PATIENCE_SECONDS'] = '30'")
    logs.do("append = lambda n: writer.write(f'line {n}\\n', 'tasks/a/1.log')")

    assert logs.eval("list(ThreadPoolExecutor(4).map(append, range(4)))") == [True] * 4
    lines = sorted(logs.eval("stored()").splitlines())
    assert lines == [
        "first",
        *(f"line {n}" for n in "0123"),
    ]
