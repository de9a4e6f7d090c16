"""A team's `make up` by a real Docker: from its new repository to a green task and to nothing."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import copier
import pytest

from tests.parts.processes import free_port, wait_until
from tests.parts.skips import not_given
from tests.templates.test_dag_repository import ANSWERS
from tools.local_image.whole import name_of

Make = Callable[..., "subprocess.CompletedProcess[str]"]
DAG = """
from airflow.sdk import BaseHook, dag, task

@dag(schedule=None)
def ours():
    @task
    def say():
        print("{word}", BaseHook.get_connection("shop").extra_dejson)
        assert "{word}" != "bad", "the file is empty"

    say()

ours()
"""
PORT = str(free_port())
OWN = {"note": "$HOME"}


def answer(*command: str) -> str:
    """Return what Docker prints; nothing where it fails."""
    done = subprocess.run(["docker", *command], capture_output=True, text=True, check=False)
    return "" if done.returncode else done.stdout.strip()


def ours() -> set[str]:
    """Return all that Docker has of the repository."""
    label = "label=com.docker.compose.project=salesdags"
    kinds = (("ps", "--all"), ("network", "ls"), ("volume", "ls"))
    kept = [answer(*kind, "--quiet", "--filter", label) for kind in kinds]
    unnamed = answer("volume", "ls", "--quiet", "--filter", "dangling=true").split()
    return {*" ".join(kept).split(), *(name for name in unnamed if len(name) == 64)}


@pytest.fixture(scope="module")
def repository(platform: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new repository, in a folder with a space in its name."""
    if not shutil.which("docker") or not answer("compose", "version") or not answer("info"):
        not_given("no Docker with Compose answers here")
    folder = tmp_path_factory.mktemp("work") / "sales dags"
    address = f"git+file://{platform}"
    copier.run_copy(address, folder, data=ANSWERS | {"with_dbt": False}, defaults=True, quiet=True)
    (folder / "dags" / "ours.py").write_text(DAG.format(word="good"))
    return folder


@pytest.fixture(scope="module")
def make(repository: Path) -> Make:
    """Runs a target, in the image of this checkout."""
    own = {"AIRFLOW_CONN_SHOP": json.dumps({"conn_type": "generic", "extra": OWN})}
    given = os.environ | own | {"IMAGE": name_of(), "DAGS": "dags", "PORT": PORT, "USER_ID": "0"}
    for name in answer_of_compose(repository, given):
        if not answer("image", "inspect", name):
            not_given(f"Docker has no image {name} (tools.local_image --archive makes ours)")

    def run(target: str, *more: str) -> "subprocess.CompletedProcess[str]":
        command = [
            "make",
            "--no-print-directory",
            "-C",
            str(repository),
            target,
            f"PORT={PORT}",
            f"IMAGE={name_of()}",
        ]
        return subprocess.run(
            [*command, *more],
            env=os.environ | own,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    return run


def answer_of_compose(repository: Path, environment: dict[str, str]) -> list[str]:
    """Return the images that compose.yaml names."""
    command = ["docker", "compose", "config", "--images"]
    done = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.fixture(scope="module")
def up(make: Make) -> Iterator["subprocess.CompletedProcess[str]"]:
    """It runs; the answer of the command that started it."""
    yield make("up")
    make("down", "DELETE=yes")


def test_up_says_where_airflow_is_and_what_it_took(up: "subprocess.CompletedProcess[str]") -> None:
    assert up.returncode == 0, up.stderr
    assert f"http://localhost:{PORT} after " in up.stdout
    assert " MiB" in up.stdout


@pytest.mark.usefixtures("up")
def test_a_dag_ends_green_with_a_connection_of_one_s_own(make: Make) -> None:
    wait_until(lambda: "there is no DAG" not in make("try", "DAG=ours").stderr, "the DAG", 60)

    done = make("try", "DAG=ours")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "ours: success"


@pytest.mark.usefixtures("up")
def test_a_saved_file_is_there_and_its_failure_is_shown(make: Make, repository: Path) -> None:
    wait_until(lambda: "there is no DAG" not in make("try", "DAG=ours").stderr, "the DAG", 60)
    (repository / "dags" / "ours.py").write_text(DAG.format(word="bad"))

    wait_until(lambda: make("try", "DAG=ours").returncode != 0, "the saved file", 60)
    done = make("try", "DAG=ours")

    assert "the file is empty" in done.stdout
    assert str(OWN) in done.stdout


@pytest.mark.usefixtures("up")
def test_down_leaves_data_and_its_deletion_leaves_nothing(make: Make, repository: Path) -> None:
    make("down")
    kept = ours()
    again = make("up")
    make("down", "DELETE=yes")

    assert sorted(kept) == ["salesdags_azurite", "salesdags_postgres"]
    assert again.returncode == 0, again.stderr
    assert ours() == set()
    assert not (repository / ".airflow" / "laptop").exists()
