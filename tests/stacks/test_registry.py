"""Who may push images to the registry of an environment, and who may pull them."""

from typing import Any

import pytest

from environments.model import Environment
from tests.environment_files import DEV, tables
from tests.fixtures import read_json
from tests.synthesizing import synthesize_to

BUILDER, READER = (f"{digit * 8}-aaaa-4aaa-8aaa-aaaaaaaaaaaa" for digit in "bc")


@pytest.fixture(scope="module")
def grants(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The roles that `platform` gives in an environment whose images a pipeline builds."""
    values, folder = tables(DEV), tmp_path_factory.mktemp("grants")
    pushing = [BUILDER, values["deployer_object_id"]]
    values["registry"] |= {"push_object_ids": pushing, "pull_object_ids": [READER]}
    synthesize_to(folder, Environment.model_validate(values))
    stack = read_json(folder / "stacks" / "platform-dev" / "cdk.tf.json")
    found: dict[str, Any] = stack["resource"]["azurerm_role_assignment"]
    return found


@pytest.mark.parametrize(("who", "role"), [(BUILDER, "AcrPush"), (READER, "AcrPull")])
def test_an_identity_of_the_file_gets_one_role_and_on_the_registry(
    grants: dict[str, Any], who: str, role: str
) -> None:
    (grant,) = [grant for grant in grants.values() if grant["principal_id"] == who]

    assert grant["role_definition_name"] == role
    assert grant["scope"] == "${azurerm_container_registry.registry.id}"


def test_the_deployer_pushes_once_where_the_file_names_it_too(grants: dict[str, Any]) -> None:
    deployer = tables(DEV)["deployer_object_id"]

    roles = [
        grant["role_definition_name"]
        for grant in grants.values()
        if grant["principal_id"] == deployer and "registry" in grant["scope"]
    ]

    assert roles == ["AcrPush"]
