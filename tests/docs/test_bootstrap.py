"""What the bootstrap page shows is what the seed makes."""

import re
import tomllib
from pathlib import Path

from conventions.deployer_roles import DEPLOYER_GIVES
from conventions.pipeline_identities import KINDS, SHARED, connection_of, shared_connection
from environments.load import read_seed
from synthesis.resources import EnvironmentStacks
from tests import ROOT
from tests.docs.pages import blocks
from tests.fixtures import read_json
from tests.seed.company import seed
from tests.seed.conftest import seeded

__all__ = ["seeded"]
PAGE = ROOT / "docs" / "how-to" / "bootstrap.md"


def made(folder: Path) -> EnvironmentStacks:
    return EnvironmentStacks("seed", {"seed": read_json(folder / "stacks/seed/cdk.tf.json")})


def test_the_example_is_a_seed(tmp_path: Path) -> None:
    example, connection = blocks(PAGE, "toml")
    file = tmp_path / "seed.toml"
    file.write_text(example + connection)

    found = read_seed(file)

    assert set(tomllib.loads(connection)["connections"]) <= set(found.expected_connections)


def test_the_roles_of_the_deployer_are_those_of_the_seed(seeded: Path) -> None:
    here = made(seeded)
    given = {
        str(grant.get("role_definition_name"))
        for grant in here.resources("azurerm_role_assignment")
        if str(grant.get("scope")).startswith("/subscriptions/")
        and any(
            who.name == "deploy_dev_identity"
            for who in here.referred("seed", grant.get("principal_id"))
        )
    }
    text = PAGE.read_text(encoding="utf-8")
    _, _, table = text.partition("| role of `deploy`")
    rows = re.findall(r"^\| ([A-Z][^|,]+?)(?:, [^|]*)? \|", table.split("\n\n")[0], re.M)

    assert set(rows) == given
    assert not given & set(DEPLOYER_GIVES) - {"Contributor"}


def test_each_connection_stands_in_the_table_with_its_identity(seeded: Path) -> None:
    names = {
        str(one.get("name")) for one in made(seeded).resources("azurerm_user_assigned_identity")
    }
    text = PAGE.read_text(encoding="utf-8")

    told = set(re.findall(r"`(id-airflow-seed-[\w-]+)`", text))
    assert told <= names
    for connection in (
        *(connection_of(kind, name) for kind in KINDS for name in seed().environments),
        *map(shared_connection, SHARED),
    ):
        assert f"`{connection}`" in text


def test_the_way_to_the_jump_host_leads_to_what_is_made(seeded: Path) -> None:
    (command,) = [text for text in blocks(PAGE, "bash") if "bastion ssh" in text]
    here = made(seeded)

    (bastion,) = here.resources("azurerm_bastion_host")
    (machine,) = here.resources("azurerm_linux_virtual_machine")
    groups = {str(group.get("name")) for group in here.resources("azurerm_resource_group")}
    names = re.findall(r"--name (\S+) --resource-group (\S+)", command)
    assert [name for name, _ in names] == [bastion.get("name"), machine.get("name")]
    assert {group for _, group in names} <= groups
