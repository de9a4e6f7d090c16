"""What the bootstrap page lets the deployer do."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from azure_facts.directory import ROLES

from environments.model import Environment
from main import build
from stacks.base import RESOURCE_PROVIDERS
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


def run_as_az_sees_it(commands: str, folder: Path) -> list[list[str]]:
    """Run commands of the page with an `az` that only notes what it is asked."""
    az = folder / "az"
    az.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        f"open({str(folder / 'asked')!r}, 'a').write(json.dumps(sys.argv[1:]) + chr(10))\n"
        "print('00000000-0000-4000-8000-000000000000')\n"
    )
    az.chmod(0o755)
    known = "environment=dev location=westeurope group=rg account=st container=c subscription=s\n"
    subprocess.run(
        ["bash", "-euc", known + commands],
        check=True,
        capture_output=True,
        env={"PATH": f"{folder}:/bin:/usr/bin"},
    )
    return [json.loads(line) for line in (folder / "asked").read_text().splitlines()]


def after(asked: list[str], option: str) -> str:
    return asked[asked.index(option) + 1]


def identities() -> str:
    """Return the commands that make the identities of the pipelines."""
    (found,) = [text for text in blocks(PAGE, "bash") if "for kind in deploy plan review" in text]
    return found


def test_the_planner_and_the_reviewer_get_no_right_to_write(tmp_path: Path) -> None:
    asked = run_as_az_sees_it(identities(), tmp_path)
    given = [words for words in asked if words[:3] == ["role", "assignment", "create"]]
    granted = [after(words, "--role") for words in given]
    (own,) = [words for words in asked if words[:3] == ["role", "definition", "create"]]

    actions = json.loads(after(own, "--role-definition"))["Actions"]
    assert all(action.endswith("/read") for action in actions)
    assert granted[granted.index("Reader") :] == [
        "Reader",
        "Key Vault Reader",
        "Azure Kubernetes Service Cluster User Role",
        "Storage Blob Data Reader",
        "Airflow review (dev)",
        "Storage Blob Data Reader",
    ]


def test_the_pools_are_single_use_and_each_has_a_subnet_of_its_own(tmp_path: Path) -> None:
    (commands,) = [text for text in blocks(PAGE, "bash") if "DevOpsInfrastructure/pools" in text]

    asked = run_as_az_sees_it(commands, tmp_path)

    pools = [json.loads(after(words, "--body"))["properties"] for words in asked]
    subnets = {pool["fabricProfile"]["networkProfile"]["subnetId"] for pool in pools}
    assert [pool["agentProfile"]["kind"] for pool in pools] == ["Stateless"] * 4
    assert len(subnets) == 4


def test_the_permissions_of_entra_are_asked_for_in_json(tmp_path: Path) -> None:
    (commands,) = [text for text in blocks(PAGE, "bash") if "permit() {" in text]

    asked = run_as_az_sees_it(f"deployer=d planner=p\n{commands}", tmp_path)

    bodies = [json.loads(after(words, "--body")) for words in asked if words[0] == "rest"]
    assert [body["principalId"] for body in bodies] == ["d", "d", "p"]


def test_every_provider_that_the_stacks_register_is_registered_before_its_first_use(
    tmp_path: Path,
) -> None:
    commands = next(text for text in blocks(PAGE, "bash") if "az provider register" in text)

    asked = run_as_az_sees_it(commands, tmp_path)

    registered = {after(words, "--namespace") for words in asked if words[0] == "provider"}
    assert set(RESOURCE_PROVIDERS) - {"Microsoft.Authorization"} <= registered  # always registered
    page = PAGE.read_text(encoding="utf-8")
    assert page.index("az provider register") < page.index("az group create")


def test_consent_is_given_to_the_application_that_identity_makes(
    stacks: dict[str, Any], tmp_path: Path
) -> None:
    (commands,) = [text for text in blocks(PAGE, "bash") if "admin-consent" in text]

    asked = run_as_az_sees_it(commands, tmp_path)

    made = stacks["identity-dev"]["resource"]["azuread_application"]
    (listed,) = [words for words in asked if words[:3] == ["ad", "app", "list"]]
    assert after(listed, "--display-name") in {one["display_name"] for one in made.values()}
    assert ["ad", "app", "permission", "admin-consent"] in [words[:4] for words in asked]
