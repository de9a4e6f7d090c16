"""The whole image, built from its Dockerfile on a stand-in of its base, and started."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.images.test_dockerfile import pins
from tests.parts.skips import not_given
from tools.airflow_venv import PYTHON
from tools.local_image.errors import LocalImageError
from tools.local_image.store import Store
from tools.local_image.whole import VALUES, find

PACKAGES = f"home/airflow/.local/lib/python{PYTHON}/site-packages"
# what the pod of a task imports, in its order; the last uploads the log
PATH_OF_A_TASK = (
    "airflow.sdk.execution_time.execute_workload",
    "airflow_azure.bundle",
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.standard.operators.python",
    "airflow.providers.microsoft.azure.hooks.wasb",
    "airflow_azure.logs",
)
SETTINGS_OF_A_TASK = {
    "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "airflow_azure.logs.LOGGING_CONFIG",
    "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
    "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "wasb://tasks",
}


@dataclass(frozen=True)
class Container:
    """A container of the image, with its files at hand."""

    store: Store
    name: str
    root: Path
    config: dict[str, Any] = field(repr=False)

    def starts(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command behind the image's entry point, as `docker run` does."""
        given = [f"--env={name}={value}" for name, value in environment.items()]
        run = ["run", "--isolation=chroot", *given, self.name, "--"]
        return self.store.done(*run, *self.config["Entrypoint"], *command)

    def compiles(self, program: str, *arguments: str, **environment: str) -> list[str]:
        """Return the files of the image that Python compiles while it runs something."""
        done = self.starts("bash", "-c", f'{program} -v "$@"', "-", *arguments, **environment)
        assert done.returncode == 0, done.stderr[-2000:]
        loaded = re.findall(r"^# code object from '?(/[^'\n]+)", done.stderr, re.M)
        assert len(loaded) > 500
        return [path for path in loaded if not path.endswith(".pyc")]


@pytest.fixture(scope="module")
def container() -> Iterator[Container]:
    yield from started()


@pytest.fixture(scope="module")
def with_dags() -> Iterator[Container]:
    yield from started("with-dags")


def started(target: str | None = None) -> Iterator[Container]:
    """Make a container of the image that `make image-build` built."""
    try:
        store = Store.default()
        image = find(store, target)
    except LocalImageError as error:
        not_given(str(error))
    name = store.run("from", "--pull-never", image)
    try:
        told = json.loads(store.run("inspect", "--type=image", image))
        config = told["OCIv1"]["config"]
        yield Container(store, name, Path(store.run("mount", name)), config)
    finally:
        store.run("rm", name)


def test_airflow_of_the_lock_starts(container: Container) -> None:
    done = container.starts("airflow", "version")

    assert done.stdout.strip() == pins("requirements")["apache-airflow"], done.stderr


def test_dbt_of_its_own_lock_starts(container: Container) -> None:
    done = container.starts("bash", "-c", "dbt --version")

    assert pins("dbt-requirements")["dbt-core"] in done.stdout, done.stderr


def test_the_check_of_dags_finds_nothing_in_the_examples(container: Container) -> None:
    folder = container.root / "tmp/dags"
    shutil.copytree(ROOT / "dags", folder)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, 50000, 0)  # dbt writes its manifest beside the project

    done = container.starts("python", "-m", "check_dags", "/tmp/dags")

    assert done.stdout.strip().endswith("/tmp/dags: nothing found"), done.stdout + done.stderr


def test_a_database_can_be_migrated_and_asked(container: Container) -> None:
    place = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/airflow.db"}

    migrated = container.starts("airflow", "db", "migrate", **place)
    asked = container.starts("airflow", "dags", "list", **place)

    assert migrated.returncode == 0, migrated.stderr
    assert "No data found" in asked.stdout, asked.stdout + asked.stderr


def test_dags_are_in_the_image_that_is_made_for_them(with_dags: Container) -> None:
    own = {path.relative_to(ROOT / "dags") for path in (ROOT / "dags").rglob("*.py")}
    inside = with_dags.root / "opt/airflow/dags"

    assert own
    assert {path.relative_to(inside) for path in inside.rglob("*.py")} == own


def test_what_runs_is_the_airflow_user(container: Container) -> None:
    done = container.starts("bash", "-c", "id -u; id -g")

    assert done.stdout.split() == ["50000", "0"]
    assert container.config["User"] == "50000"


@pytest.mark.parametrize(
    "place",
    [
        PACKAGES,
        f"{PACKAGES}/airflow",
        "opt/airflow/platform/airflow_azure",
        "opt/airflow/config",
        "opt/airflow/plugins",
        "opt/airflow/webserver_config.py",
        "opt/dbt/bin",
        "usr/python",
    ],
)
def test_what_runs_may_not_write_code(container: Container, place: str) -> None:
    done = container.starts("bash", "-c", f'[ -e "/{place}" ] && [ ! -w "/{place}" ]')

    assert done.returncode == 0


def test_python_trusts_the_bundle_with_the_company_s_authorities(container: Container) -> None:
    source = "import requests, ssl; print(ssl.get_default_verify_paths().cafile)"
    done = container.starts("python", "-c", source)
    settings = dict(entry.split("=", 1) for entry in container.config["Env"])

    assert done.stdout.strip() == "/etc/ssl/certs/ca-certificates.crt"
    assert settings["REQUESTS_CA_BUNDLE"] == "/etc/ssl/certs/ca-certificates.crt"


def test_the_bundle_s_authorities_can_be_looked_up_one_by_one(container: Container) -> None:
    source = "from airflow_azure import authorities as it; print(it.same_folder(sys.argv[1]))"
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    done = container.starts("python", "-c", f"import sys; {source}", bundle)

    assert done.stdout.strip() == "/etc/ssl/certs"


def test_the_labels_say_what_was_built(container: Container) -> None:
    labels = container.config["Labels"]

    assert {name: labels[f"org.opencontainers.image.{name.lower()}"] for name in VALUES} == VALUES


def test_a_task_compiles_nothing_whatever_the_times_of_its_files(container: Container) -> None:
    for place in (PACKAGES, "opt/airflow/platform", "opt/airflow/config"):  # not the base's
        for file in (container.root / place).rglob("*.py"):
            os.utime(file, (0, 0))
    imports = f"import {', '.join(PATH_OF_A_TASK)}"

    assert container.compiles("python", "-c", imports, **SETTINGS_OF_A_TASK) == []


def test_a_file_without_byte_code_is_seen(container: Container) -> None:
    [compiled] = (container.root / PACKAGES / "__pycache__").glob("six.*.pyc")
    content = compiled.read_bytes()
    compiled.unlink()
    imports = f"import six, {', '.join(PATH_OF_A_TASK)}"

    found = container.compiles("python", "-c", imports, **SETTINGS_OF_A_TASK)

    compiled.write_bytes(content)
    assert found == [f"/{PACKAGES}/six.py"]


def test_dbt_compiles_nothing_whatever_the_times_of_its_files(container: Container) -> None:
    for file in (container.root / "opt/dbt").rglob("*.py"):
        os.utime(file, (0, 0))

    assert container.compiles("/opt/dbt/bin/python", "-c", "import dbt.cli.main") == []
