"""What tests of the seed share."""

import fcntl
from pathlib import Path
from typing import Any

import pytest

from main import build
from synthesis.resources import EnvironmentStacks
from tests.fixtures import read_json
from tests.seed.company import seed, seeded_values


@pytest.fixture(scope="session")
def seeded(shared: Path) -> Path:
    """The stacks of the tests' seed, and of dev as it stands on it; written once a run."""
    from environments.model import Environment
    from synthesis.output import write
    from synthesis.sources import record

    folder = shared / "seeded.out"
    with (shared / "seeded.out.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            write(build, [Environment.model_validate(seeded_values())], folder, seed())
            record(folder, {})
    return folder


@pytest.fixture(scope="session")
def stack(seeded: Path) -> Any:
    """The Terraform JSON of the seed."""
    return read_json(seeded / "stacks/seed/cdk.tf.json")


@pytest.fixture(scope="session")
def here(stack: Any) -> EnvironmentStacks:
    """The seed's resources, as they refer to each other."""
    return EnvironmentStacks("seed", {"seed": stack})
