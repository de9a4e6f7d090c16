"""What is known of the environments, read once."""

from pathlib import Path
from typing import Any

import pytest

from synthesis.resources import EnvironmentStacks
from tools.attack_paths import reading
from tools.attack_paths.facts import Facts

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def everything(stacks: dict[str, Any]) -> dict[str, Facts]:
    """The facts of each environment of the tests."""
    return {name: reading.read(of_environment(stacks, name), name) for name in ("dev", "prod")}


@pytest.fixture(scope="session")
def now(everything: dict[str, Facts]) -> Facts:
    """The facts of production."""
    return everything["prod"]


@pytest.fixture(scope="session")
def before() -> Facts:
    """What was true of production at commit f355252, as far as it led on.

    Read with these readers from what that commit synthesized, its pipelines and Airflow's chart.
    """
    return Facts.model_validate_json((HERE / "before.json").read_text())


def of_environment(stacks: dict[str, Any], environment: str) -> EnvironmentStacks:
    """Return the stacks of one environment."""
    end = f"-{environment}"
    own = {name.removesuffix(end): stack for name, stack in stacks.items() if name.endswith(end)}
    return EnvironmentStacks(environment, own)
