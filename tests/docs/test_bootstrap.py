"""What the bootstrap page lets the deployer do."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from azure_facts.directory import ROLES

from environments.model import Environment
from main import build
from synthesis.output import write
from tests import ROOT
from tests.docs.pages import blocks
from tests.fixtures import read_json

PAGE = ROOT / "docs" / "how-to" / "bootstrap.md"


def roles_of(stacks: Iterable[dict[str, Any]]) -> set[str]:
    """Return the names of the built-in roles that stacks give."""
    return {
        grant["role_definition_name"]
        for stack in stacks
        for grant in stack.get("resource", {}).get("azurerm_role_assignment", {}).values()
    }


@pytest.fixture
def given(stacks: dict[str, Any], dev_values: dict[str, Any], tmp_path: Path) -> set[str]:
    """The roles that the stacks give, those of an option that is off by default included."""
    dev_values["kubernetes"]["etcd_key"] = True
    write(build, [Environment.model_validate(dev_values)], tmp_path)
    option = [read_json(file) for file in tmp_path.glob("stacks/*/cdk.tf.json")]
    return roles_of(stacks.values()) | roles_of(option)


def script() -> str:
    """Return the commands that give the deployer its last role."""
    (found,) = [text for text in blocks(PAGE, "bash") if "ForAnyOfAnyValues" in text]
    return found


def test_the_deployer_may_give_the_roles_that_the_stacks_give_and_no_other(
    given: set[str],
) -> None:
    listed = re.findall(r"^([0-9a-f-]{36})  # (.+)$", script(), re.M)

    assert {name: role for role, name in listed} == {name: ROLES[name] for name in given}


def test_bash_passes_the_condition_on_as_it_stands() -> None:
    commands = f'grant() {{ printf "%s\\n" "${{@: -1}}"; }}\nset -H\n{script()}'

    done = subprocess.run(
        ["bash", "-c", commands],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/bin:/usr/bin"},
    )

    condition = " ".join(done.stdout.split())
    assert condition.startswith(
        "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR"
    )
    assert condition.count(ROLES["AcrPull"]) == 2
    assert "#" not in condition
