"""A new version comes while files wait to be parsed: a real DAG processor and Blob storage."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from observability.metrics import AIRFLOW_CONFIG
from tests.parts.azurite import Azurite
from tests.parts.postgres import Postgres
from tests.parts.processes import running, wait_until
from tests.runtime.airflow_home import IMAGE, AirflowHome
from tests.runtime.lab import Lab
from tests.runtime.statsd import StatsdSink, statsd_sink

FILES = 12
DAG = """
import time
from datetime import UTC, datetime

from airflow.sdk import dag, task
from helper import SAYS

time.sleep(0.7)


@dag(dag_id="{name}", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC))
def slow():
    @task
    def work():
        print(SAYS)

    work.override(task_id=SAYS)()


slow()
"""
# A real manager and a real bundle, without the loop: when a file ended, and whether it is due
MANAGER = """
import tempfile, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from airflow import settings
from airflow.dag_processing.bundles.local import LocalDagBundle
from airflow.dag_processing.manager import DagFileInfo, DagFileProcessorManager, DagFileStat
from airflow_azure import parse_queue
from sqlalchemy import event

parse_queue.put_in_order()
looks = DagFileProcessorManager.prepare_file_queue.__wrapped__  # however short ago it looked
folder = Path(tempfile.mkdtemp())
(folder / "a.py").write_text("")
bundle = LocalDagBundle(name="b", path=str(folder))
bundle.initialize()

def is_due(*ended):
    manager = DagFileProcessorManager(max_runs=-1)
    manager._dag_bundles = [bundle]
    for version, errors, minutes in ended:
        file = DagFileInfo(Path("a.py"), "b", folder, version)
        last = datetime.now(UTC) - timedelta(minutes=minutes)
        manager._file_stats[file] = DagFileStat(import_errors=errors, last_finish_time=last)
    os.utime(folder / "a.py", (0, 0))
    time.sleep(1.1)
    manager._queue_requested_files_for_parsing()
    looks(manager, {"b": {DagFileInfo(Path("a.py"), "b", folder)}})
    return bool(manager._file_queue)

def asks():
    before = len(statements)
    manager.claim_priority_files(), manager.fetch_callbacks()
    manager.purge_inactive_dag_warnings()
    return len(statements) > before

def is_due_after_a_callback():
    manager = DagFileProcessorManager(max_runs=-1)
    known = DagFileInfo(Path("a.py"), "b", folder)
    called = DagFileInfo(Path("a.py"), "b", folder, "v1")
    manager._file_stats[known] = DagFileStat(last_finish_time=datetime.now(UTC))
    ended = SimpleNamespace(had_callbacks=True, parsing_result=None, start_time=time.monotonic())
    manager.handle_parsing_result(called, ended)
    looks(manager, {"b": {known}})
    return bool(manager._file_queue)

due = {
    "called back just now": is_due_after_a_callback(),
    "parsed": is_due((None, 0, 10)),
    "called back": is_due((None, 0, 10), ("v1", 0, 100)),
    "failed just now": is_due((None, 1, 1)),
    "failed": is_due((None, 1, 10)),
}
def looks_again():
    manager = DagFileProcessorManager(max_runs=-1)
    found = []
    for _ in range(2):
        manager.prepare_file_queue({"b": {DagFileInfo(Path("a.py"), "b", folder)}})
        found.append(len(manager._file_queue))
        manager._file_queue.clear()
    return found

statements = []
event.listen(settings.engine, "before_cursor_execute", lambda *all: statements.append(all[2]))
manager = DagFileProcessorManager(max_runs=-1)
manager.prepare_process_context()  # begins to send metrics
failed = DagFileStat(num_dags=2, import_errors=3)
manager._file_stats[DagFileInfo(Path("a.py"), "b", folder)] = failed
parse_queue.put_in_order()  # as in a processor of its own, which has not counted yet
asked = [asks(), asks(), time.sleep(1.1) or asks()]
answer({"due": due, "asked": asked, "written": repr(manager), "looks": looks_again()})
"""
CHANGED = "dag_07"
PATIENCE_SECONDS = 90  # for twelve files


@dataclass
class Parsed:
    """What the processor wrote after a version came while files waited.

    Attributes:
        first: the DAGs that were of the new version first; what is found in a second is written
            together.
        says: by DAG, what its helper module says at the end.
    """

    first: set[str]
    says: dict[str, str]


@pytest.fixture(scope="module")
def home(
    airflow: Path,
    postgres: Postgres,
    migrated: str,
    storage: Azurite,
    process: Lab,
    tmp_path_factory: pytest.TempPathFactory,
) -> AirflowHome:
    """The image's environment with its plugins, and one team's DAGs in Blob storage."""
    made = AirflowHome(airflow, tmp_path_factory.mktemp("airflow"))
    (made.folder / "plugins").symlink_to(IMAGE / "plugins")
    database = postgres.create("parse_queue", like=migrated)
    made.set("database", sql_alchemy_conn=postgres.url(database))
    made.environment["AIRFLOW_CONN_WASB_DEFAULT"] = storage.connection
    process.do("where = containers()")
    bundle = {
        "name": "sales",
        "classpath": "airflow_azure.bundle.BlobDagBundle",
        "kwargs": {**process.eval("where"), "prefix": "sales", "refresh_interval": 1},
    }
    made.set("dag_processor", dag_bundle_config_list=json.dumps([bundle]))
    made.set("dag_processor", dag_bundle_storage_path=made.folder / "bundles")
    made.set("dag_processor", bundle_refresh_check_interval=1, parsing_processes=1)
    # so long that only what a new version makes due is parsed
    made.set("dag_processor", min_file_process_interval=3600)
    return made


@pytest.fixture(scope="module")
def parsed(home: AirflowHome, process: Lab, postgres: Postgres) -> Iterator[Parsed]:
    """A version that changes the last file of the queue, and the helper of all, in the middle."""

    def upload(commit: str, helper: str, more: str = "") -> None:
        files = {f"dag_{n:02}": DAG.format(name=f"dag_{n:02}") for n in range(FILES)}
        files |= {"helper": f"SAYS = {helper!r}", CHANGED: files[CHANGED] + more}
        process.do(f"upload(where['container'], commit={commit!r}, **{files!r})")

    def ask(statement: str) -> list[list[str]]:
        return postgres.query("parse_queue", statement)

    def says() -> dict[str, str]:
        tasks = "data->'dag'->'tasks'->0->'__var'->>'task_id'"
        latest = f"select distinct on (dag_id) dag_id, {tasks} from serialized_dag"
        return dict(map(tuple, ask(f"{latest} order by dag_id, created_at desc")))  # type: ignore[arg-type]

    upload("c1", "old")
    log = home.folder / "dag-processor.log"
    command = [home.bin / "airflow", "dag-processor"]
    with running(command, log, env=home.env, grace=3):
        wait_until(lambda: len(says()) >= 3, "three files parsed")
        upload("c2", "new", "# changed")
        wait_until(lambda: "new" in says().values(), "the new version")
        first = {dag for dag, helper in says().items() if helper == "new"}
        assert len(says()) < FILES, "none waited"
        wait_until(lambda: len(says()) == FILES, "all files parsed")
        end = time.monotonic() + PATIENCE_SECONDS
        while "old" in says().values() and time.monotonic() < end:
            time.sleep(1)
        yield Parsed(first, says())


def test_what_changed_is_parsed_before_what_waits(parsed: Parsed) -> None:
    assert CHANGED in parsed.first


def test_no_file_keeps_what_a_helper_said_before_the_version(parsed: Parsed) -> None:
    assert set(parsed.says.values()) == {"new"}


@pytest.fixture(scope="module")
def metrics() -> Iterator[StatsdSink]:
    """What a manager counts."""
    with statsd_sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def told(home: AirflowHome, metrics: StatsdSink) -> Any:
    """What is due, and when the database is asked."""
    home.set("metrics", statsd_host="127.0.0.1", statsd_port=metrics.port, **AIRFLOW_CONFIG)
    return home.probe(MANAGER)


@pytest.mark.parametrize(
    ("file", "due"),
    [
        ("parsed", False),
        ("called back just now", False),
        ("called back", False),
        ("failed just now", False),
        ("failed", True),
    ],
)
def test_a_file_comes_before_its_time_only_where_it_failed(told: Any, file: str, due: bool) -> None:
    assert told["due"][file] is due


def test_the_database_is_asked_once_a_second_and_not_in_every_loop(told: Any) -> None:
    assert told["asked"] == [True, False, True]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(("metric", "count"), [("import_errors", 3), ("dagbag_size", 2)])
def test_files_are_counted_while_nothing_is_parsed(
    metrics: StatsdSink, metric: str, count: int
) -> None:
    heard = {name.rpartition(".")[2]: value for name, value in metrics.values.items()}

    assert heard[metric] == count


def test_a_fork_that_sets_its_signals_does_not_write_down_every_file(told: Any) -> None:
    assert "a.py" not in told["written"]


def test_while_nothing_waits_not_every_loop_looks_at_all_files(told: Any) -> None:
    assert told["looks"] == [1, 0]
