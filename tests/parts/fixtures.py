"""Fixtures of real parts: programs, servers and the browser. Who asks for one is not fast."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import ROOT
from tests.parts.skips import missing, program
from tools.airflow_venv import AirflowUnavailableError, airflow_bin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.fixtures import Once
    from tests.parts.azurite import Azurite
    from tests.parts.postgres import Postgres


@pytest.fixture(scope="session")
def airflow() -> Path:
    """The `bin` folder of an environment with exactly the image's packages."""
    try:
        return airflow_bin()
    except AirflowUnavailableError as error:
        missing(f"Airflow cannot run here: {error}")


@pytest.fixture(scope="session")
def dbt() -> Path:
    """The `bin` folder of an environment with exactly the image's dbt."""
    try:
        return airflow_bin(ROOT / "images" / "airflow" / "dbt-requirements.lock")
    except AirflowUnavailableError as error:
        missing(f"dbt cannot run here: {error}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for this run of the tests."""
    from tests.parts import postgres

    with postgres.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migration(
    airflow: Path, postgres: Postgres, once: Once, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A dump of a database that Airflow has migrated, by one worker of a run."""

    def migrate(dump: Path) -> None:
        database = postgres.create("to_migrate")
        home = tmp_path_factory.mktemp("migrated")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url(database),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }
        command = [str(airflow / "airflow"), "db", "migrate"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        postgres.dump(database, dump)

    return once("migrated.sql", migrate)


@pytest.fixture(scope="session")
def migrated(postgres: Postgres, migration: Path) -> str:
    """A database that Airflow has migrated, to copy: `postgres.create(name, like=migrated)`."""
    database = postgres.create("migrated")
    postgres.load(database, migration)
    return database


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """A blob service for this run of the tests."""
    from tests.parts import azurite

    with azurite.azurite(tmp_path_factory.mktemp("azurite")) as service:
        yield service


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Debian's Chromium is."""
    return program("chromium", also=["chromium-browser"])


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium, for which every host of the reserved domain `test` is on loopback.

    One for all tests: a process holds one Playwright.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
                "--host-resolver-rules=MAP *.test 127.0.0.1",
            ],
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' own tool."""
    return program("promtool", package="prometheus")


@pytest.fixture(scope="session")
def terraform() -> Path:
    """The real Terraform."""
    found = shutil.which("terraform")
    return Path(found) if found else missing("terraform is not on PATH")


@pytest.fixture(scope="session")
def a_program() -> None:
    """Nothing but a word: what is tested starts a program that is no part with a fixture."""
