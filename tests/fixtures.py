"""The only home of fixtures that more than one folder uses.

Every run of tests imports this module, one of a single pure file too. So what is slow to import
(cdktf, Playwright, Azure's SDK) is imported by the fixture that uses it.
"""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import ROOT
from tests.environment_files import DEV, FILES, checkout, tables
from tests.parts.skips import missing, not_given, program
from tools.airflow_venv import AirflowUnavailableError, airflow_bin
from tools.reference_data import DataMissingError, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

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
def reference() -> Callable[[str], Path]:
    """Find a file of facts about the real providers and charts; skip where it is not here."""

    def found(name: str) -> Path:
        try:
            return find(name)
        except DataMissingError as error:
            not_given(str(error))

    return found


@pytest.fixture(scope="session")
def pipelines_schema() -> Any:
    """Azure DevOps' schema of a pipeline, which check-jsonschema brings as it is published."""
    brought = resources.files("check_jsonschema") / "builtin_schemas/vendor/azure-pipelines.json"
    return json.loads(brought.read_text())


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make synth` would write of the tests' environments; written once."""
    from environments.load import load
    from main import build
    from synthesis.output import write
    from synthesis.preload import Preload
    from synthesis.sources import record

    folder = tmp_path_factory.mktemp("synthesized") / "cdktf.out"
    with Preload():
        environments = load(FILES)
    write(build, environments, folder)
    record(folder, {})  # no file was read that a test could change
    return folder


@pytest.fixture(scope="session")
def stacks(synthesized: Path) -> dict[str, Any]:
    """The Terraform JSON of every stack of both environments, by stack id as `data-prod`."""
    files = sorted(synthesized.glob("stacks/*/cdk.tf.json"))
    return {file.parent.name: read_json(file) for file in files}


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of a company, with the tests' environment files in environments/."""
    return checkout(tmp_path_factory.mktemp("company") / "project")


@pytest.fixture
def dev_values() -> dict[str, Any]:
    """The values of the tests' dev.toml, free to change."""
    return tables(DEV)


def read_json(path: Path) -> Any:
    """Return the parsed file."""
    return json.loads(path.read_text())


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
