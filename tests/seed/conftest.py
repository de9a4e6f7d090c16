"""What tests of the seed share."""

from pathlib import Path
from typing import Any

import pytest

from synthesis.resources import EnvironmentStacks
from tests.fixtures import Once, read_json
from tests.seed.company import seed, seeded_values
from tests.synthesizing import synthesize_to


@pytest.fixture(scope="session")
def seeded(once: Once) -> Path:
    """The stacks of the tests' seed, and of dev as it stands on it; written once a run."""
    from environments.model import Environment
    from synthesis.sources import record

    def make(folder: Path) -> None:
        synthesize_to(folder, Environment.model_validate(seeded_values()), seed=seed())
        record(folder, {})

    return once("seeded.out", make)


@pytest.fixture(scope="session")
def stack(seeded: Path) -> Any:
    """The Terraform JSON of the seed."""
    return read_json(seeded / "stacks/seed/cdk.tf.json")


@pytest.fixture(scope="session")
def here(stack: Any) -> EnvironmentStacks:
    """The seed's resources, as they refer to each other."""
    return EnvironmentStacks("seed", {"seed": stack})
