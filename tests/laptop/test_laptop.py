"""`make up` without Docker: a real Airflow, PostgreSQL and Azurite, to a green task."""

import json
import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest
import yaml

from tests import ROOT
from tests.parts.azurite import PROGRAM
from tests.parts.processes import free_port, wait_until
from tests.parts.skips import missing

Laptop = Callable[..., "subprocess.CompletedProcess[str]"]
HELLO = """
from airflow.sdk import dag, task

@dag(schedule=None)
def hello():
    @task
    def say():
        print("{word}")
        if "{word}" == "bad":
            raise ValueError("the file is empty")

    say()

hello()
"""
CONNECTED = """
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk import ObjectStoragePath, dag, task

@dag(schedule=None)
def connected():
    @task
    def write():
        file = ObjectStoragePath("abfs://data_lake@data/hello.txt")
        file.write_text("from the laptop")
        assert file.read_text() == "from the laptop"

    @task(executor="CeleryExecutor")
    def ask():
        found = PostgresHook("warehouse").get_first("select current_database()")
        assert found == ("warehouse",), found

    write() >> ask()

connected()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of a team, in a folder that nobody else enters, as root's home is."""
    folder = tmp_path_factory.mktemp("team")
    (folder / "dags").mkdir()
    (folder / "dags" / "hello.py").write_text(HELLO.format(word="hello"))
    (folder / "dags" / "connected.py").write_text(CONNECTED)
    return folder


@pytest.fixture(scope="module")
def laptop(airflow: Path, folder: Path, a_program: None) -> Laptop:
    """Runs `python -m laptop` as `make` does."""
    if not PROGRAM.is_file():
        missing("Azurite is not installed: npm ci")
    environment = {key: value for key, value in os.environ.items() if "AIRFLOW" not in key}
    environment["PATH"] = os.pathsep.join([str(airflow), environment["PATH"]])
    environment["PYTHONPATH"] = str(ROOT / "images" / "airflow")

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [airflow / "python", "-m", "laptop", *arguments],
            cwd=folder,
            env=environment | variables,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def up(laptop: Laptop) -> Iterator[subprocess.CompletedProcess[str]]:
    """It runs; the answer of the command that started it."""
    done = laptop("up", "dags", "--port", str(free_port()))
    yield done
    laptop("down", "dags", "--delete")


def runs(
    laptop: Laptop, dag: str, until: Callable[["subprocess.CompletedProcess[str]"], bool]
) -> "subprocess.CompletedProcess[str]":
    """Run a DAG again and again until its run is the one that is meant; return that one."""
    told: list[subprocess.CompletedProcess[str]] = []

    def right() -> bool:
        told.append(laptop("run", "dags", dag))
        return until(told[-1])

    wait_until(right, dag, 240)
    return told[-1]


def ended(done: "subprocess.CompletedProcess[str]") -> bool:
    """Tell whether the DAG was known, and its run came to its end."""
    return done.stdout.endswith((": success\n", ": failed\n"))


def test_it_says_where_airflow_is_and_what_it_took(up: subprocess.CompletedProcess[str]) -> None:
    assert up.returncode == 0, up.stderr
    assert "http://localhost:" in up.stdout
    assert " MiB" in up.stdout


@pytest.mark.usefixtures("up")
def test_a_dag_ends_green(laptop: Laptop) -> None:
    done = runs(laptop, "hello", ended)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "hello: success"


@pytest.mark.usefixtures("up")
def test_the_platform_s_connections_lead_to_the_lake_and_the_warehouse(laptop: Laptop) -> None:
    done = runs(laptop, "connected", ended)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("up")
def test_a_saved_file_is_there_and_its_failure_is_shown(laptop: Laptop, folder: Path) -> None:
    (folder / "dags" / "hello.py").write_text(HELLO.format(word="bad"))

    done = runs(laptop, "hello", lambda done: "the file is empty" in done.stdout)

    assert done.returncode == 1


@pytest.mark.usefixtures("up")
def test_a_second_start_says_that_it_runs(laptop: Laptop) -> None:
    done = laptop("up", "dags")

    assert done.returncode == 0
    assert "it runs already" in done.stdout


@pytest.mark.usefixtures("up")
def test_a_dag_that_is_not_there_is_refused(laptop: Laptop) -> None:
    done = laptop("run", "dags", "nothing")

    assert done.returncode == 2
    assert "there is no DAG nothing" in done.stderr


def test_a_port_that_is_taken_is_refused_before_anything_starts(
    laptop: Laptop, tmp_path: Path
) -> None:
    (tmp_path / "dags").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = laptop("up", str(tmp_path / "dags"), "--port", str(port))

    assert done.returncode == 2
    assert f"port {port} is taken" in done.stderr
    assert not (tmp_path / ".airflow").exists()


def test_down_ends_all_and_deletes_what_it_is_told_to(
    laptop: Laptop, up: subprocess.CompletedProcess[str], folder: Path
) -> None:
    state = json.loads((folder / ".airflow" / "laptop" / "running.json").read_text())
    mine = [psutil.Process(pid) for pid, _ in state["processes"]]
    mine += [child for process in mine for child in process.children(recursive=True)]

    done = laptop("down", "dags", "--delete")

    assert done.returncode == 0, done.stderr
    assert [p for p in mine if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
    assert not (folder / ".airflow" / "laptop").exists()


def test_with_docker_the_same_three_are_containers() -> None:
    text = (ROOT / "templates" / "dag-repository" / "compose.yaml.jinja").read_text()
    compose = yaml.safe_load(re.sub(r"{{ \w+ }}", "answer", text))
    schema = resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    expected: Any = json.loads(schema.read_text())

    jsonschema.validate(compose, expected)

    assert set(compose["services"]) == {"airflow", "azurite", "postgres"}


def test_azurite_is_the_version_that_the_platform_is_tested_with() -> None:
    tested = json.loads((ROOT / "package.json").read_text())["devDependencies"]["azurite"]
    compose = (ROOT / "templates" / "dag-repository" / "compose.yaml.jinja").read_text()

    assert f'AZURITE = "{tested}"' in (ROOT / "images/airflow/laptop/services.py").read_text()
    assert f"azurite:{tested}\n" in compose
