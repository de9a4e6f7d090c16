"""Bugs of Airflow that are known: whether the pinned one has them.

A test that says "still" fails with the Airflow that has no such bug any more: then the way around
it goes, too.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.parts.postgres import Postgres
from tests.runtime.airflow_home import AirflowHome

# apache/airflow#73432: what a callback's file leaves in the manager stands before what the scan
# found, and has the time of the callback for ever
CALLED = """
from datetime import timedelta
from airflow._shared.timezones import timezone
from airflow.dag_processing.manager import DagFileInfo, DagFileProcessorManager, DagFileStat

def due(*seen):
    manager = DagFileProcessorManager(max_runs=-1)
    manager._file_process_interval = 300
    path = pathlib.Path("a.py")
    known = DagFileInfo(rel_path=path, bundle_name="b", bundle_path=pathlib.Path("/"))
    for version, seconds in seen:
        file = DagFileInfo(rel_path=path, bundle_name="b", bundle_version=version)
        manager._file_stats[file] = DagFileStat(
            last_finish_time=timezone.utcnow() - timedelta(seconds=seconds)
        )
    manager._file_parsing_sort_mode = "alphabetical"
    manager.prepare_file_queue({"b": {known}})
    return bool(manager._file_queue)
"""
# apache/airflow#70779: the page of a DAG read each version of it
ASKED = """
from airflow import settings
from airflow.api_fastapi.core_api.routes.ui import deadlines
from sqlalchemy import event

statements = []
event.listen(settings.engine, "before_cursor_execute", lambda *all: statements.append(all[2]))
with settings.Session() as session:
    try:
        deadlines.get_dag_deadline_alerts(
            dag_id="x", session=session, limit=None, offset=None, order_by=None
        )
    except Exception as refused:
        print(type(refused), refused)
asked = [one for one in statements if "FROM serialized_dag" in one]
"""
# apache/airflow#66396: schedulers took completed pods from each other
ADOPTED = """
from airflow.jobs.job import Job
from airflow.providers.cncf.kubernetes.executors import kubernetes_executor
from airflow._shared.timezones import timezone

with settings.Session() as session:
    other = Job()
    other.job_type, other.state = "SchedulerJob", "running"
    other.latest_heartbeat = timezone.utcnow()
    session.add(other)
    session.commit()
    number = other.id
queries = []
executor = kubernetes_executor.KubernetesExecutor()
executor.scheduler_job_id = str(number + 1)
executor._list_pods = lambda query: queries.append(query) or []
executor._adopt_completed_pods(None)
"""
# apache/airflow#71772: with 3.3.1 every file of a Git bundle took 50 seconds, the time that a file
# may take, and then was killed and counted as an error. The reporter's file imports the same, and
# nobody there has found the cause
ENDLESS = """
from datetime import datetime, timedelta

from airflow import XComArg
from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException


@dag(
    schedule="*/2 * * * *",
    start_date=datetime(2026, 7, 1),
    dagrun_timeout=timedelta(minutes=3),
    is_paused_upon_creation=False,
    catchup=False,
)
def health():
    @task
    def state() -> str:
        return "healthy"

    @task
    def check(state: XComArg) -> None:
        if state != "healthy":
            raise AirflowFailException(state)

    check(state())


health()
"""


@pytest.fixture(scope="module")
def told(
    airflow: Path, postgres: Postgres, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """What the pinned Airflow does."""
    home = AirflowHome(airflow, tmp_path_factory.mktemp("airflow"))
    home.set("database", sql_alchemy_conn=postgres.url(postgres.create("bugs", like=migrated)))
    home.set("core", executor="KubernetesExecutor")
    answer = """
answer({
    "due": [due((None, 10)), due((None, 10), ("v1", 400))],
    "asked": asked,
    "adopted": [query["label_selector"] for query in queries],
    "number": number,
})
"""
    return home.probe("import pathlib\n" + CALLED + ASKED + ADOPTED + answer)


def test_a_file_that_was_parsed_just_now_is_not_due(told: Any) -> None:
    assert told["due"][0] is False


def test_a_file_whose_dag_was_called_back_is_still_due_in_every_loop(told: Any) -> None:
    assert told["due"][1] is True


def test_the_page_of_a_dag_reads_one_version_of_it(told: Any) -> None:
    assert [one for one in told["asked"] if "LIMIT" not in one] == []
    assert told["asked"]


def test_completed_pods_of_a_scheduler_that_lives_are_left_to_it(told: Any) -> None:
    (selector,) = told["adopted"]

    assert str(told["number"]) in selector


def test_a_file_of_a_git_bundle_is_parsed_long_before_its_time_is_over(
    airflow: Path, postgres: Postgres, migrated: str, tmp_path: Path
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "health.py").write_text(ENDLESS)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", *identity, *command], cwd=repository, check=True)
    home = AirflowHome(airflow, tmp_path / "airflow")
    home.folder.mkdir()
    database = postgres.create("endless", like=migrated)
    home.set("database", sql_alchemy_conn=postgres.url(database))
    bundle = {
        "name": "git",
        "classpath": "airflow.providers.git.bundles.git.GitDagBundle",
        "kwargs": {"tracking_ref": "main", "repo_url": str(repository)},
    }
    home.set("dag_processor", dag_bundle_config_list=json.dumps([bundle]))
    home.set("dag_processor", dag_bundle_storage_path=tmp_path / "bundles")

    done = home.run("airflow", "dag-processor", "--num-runs", "1")

    asked = "SELECT dag_id, last_parse_duration < 25 FROM dag"
    assert postgres.query(database, asked) == [["health", "t"]], done.stderr[-3000:]
