"""Fixtures that more than one folder uses; those of real parts are in tests/parts/fixtures.py.

Every run of tests imports this module, one of a single pure file too. So what is slow to import
(cdktf) is imported by the fixture that uses it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment_files import DEV, FILES, checkout, tables
from tests.parts.skips import not_given
from tools.reference_data import DataMissingError, find

if TYPE_CHECKING:
    from pathlib import Path

Once = Callable[[str, Callable[["Path"], object]], "Path"]


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
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run that all of its workers have."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def once(shared: Path) -> Once:
    """Makes a file or folder of this run that all of its workers use: `once("site", build)`."""

    def made(name: str, make: Callable[[Path], object]) -> Path:
        place, half = shared / name, shared / f"half-{name}"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not place.exists():
                make(half)
                half.rename(place)  # whole, or not there
        return place

    return made


@pytest.fixture(scope="session")
def synthesized(once: Once) -> Path:
    """The folder that `make synth` would write of the tests' environments; written once a run."""
    return once("cdktf.out", _synthesize)


@pytest.fixture(scope="session")
def with_both_executors(once: Once) -> Path:
    """The same of dev alone, with both executors and room for tasks; written once a run."""
    values = tables(DEV)
    both = ("KubernetesExecutor", "CeleryExecutor")
    values["airflow"] |= {"executors": both, "warm_tasks": 7, "celery_min_workers": 2}
    return once("both-executors.out", lambda folder: _synthesize(folder, values))


def _synthesize(folder: Path, *given: dict[str, Any]) -> None:
    from environments.load import load
    from environments.model import Environment
    from synthesis.sources import record
    from tests.synthesizing import synthesize_to

    synthesize_to(folder, *([*map(Environment.model_validate, given)] or load(FILES)))
    record(folder, {})  # no file was read that a test could change


@pytest.fixture
def home(tmp_path: Path, synthesized: Path) -> Path:
    """A company's folder with the environment file of dev and the synthesized stacks."""
    (tmp_path / "environments").mkdir()
    shutil.copy(DEV, tmp_path / "environments")
    (tmp_path / "cdktf.out").symlink_to(synthesized)
    return tmp_path


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
