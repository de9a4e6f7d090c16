"""What Terraform does with a resource from its creation to its end."""

import json
from pathlib import Path
from typing import Any

import pytest

from packages.standin_providers.tests.conftest import GROUP, SUBSCRIPTION, Deploy

NETWORK_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-test"
    "/providers/Microsoft.Network/virtualNetworks/vnet-test"
)


def test_what_was_applied_needs_no_change(stack: Deploy, network: dict[str, Any]) -> None:
    workspace = stack(resource=network)

    workspace.apply()

    assert workspace.planned() == {}


def test_what_was_destroyed_is_gone(stack: Deploy, network: dict[str, Any]) -> None:
    workspace = stack(resource=network)
    workspace.apply()

    workspace.destroy()

    assert list(workspace.cloud.glob("*/*.json")) == []


def test_a_tag_changes_in_place(stack: Deploy, network: dict[str, Any]) -> None:
    workspace = stack(resource=network)
    workspace.apply()
    network["azurerm_virtual_network"]["network"]["tags"] = {"owner": "data"}
    workspace.write(resource=network)

    assert workspace.planned() == {"azurerm_virtual_network.network": ["update"]}


def test_a_change_in_place_reaches_the_cloud(stack: Deploy, network: dict[str, Any]) -> None:
    workspace = stack(resource=network)
    workspace.apply()
    network["azurerm_virtual_network"]["network"]["tags"] = {"owner": "data"}
    workspace.write(resource=network)

    workspace.apply()

    (file,) = workspace.existing("azurerm_virtual_network")
    assert json.loads(file.read_text())["tags"] == {"owner": "data"}


def test_a_new_name_replaces_the_network_and_what_stands_in_it(
    stack: Deploy, network: dict[str, Any]
) -> None:
    workspace = stack(resource=network)
    workspace.apply()
    network["azurerm_virtual_network"]["network"]["name"] = "vnet-other"
    workspace.write(resource=network)

    assert workspace.planned() == {
        "azurerm_virtual_network.network": ["delete", "create"],
        "azurerm_subnet.subnet": ["delete", "create"],
    }


def test_the_plan_names_the_attribute_that_forces_the_replacement(
    stack: Deploy, network: dict[str, Any]
) -> None:
    workspace = stack(resource=network)
    workspace.apply()
    network["azurerm_virtual_network"]["network"]["location"] = "northeurope"
    workspace.write(resource=network)

    assert workspace.forcing("azurerm_virtual_network.network") == [["location"]]


def test_a_default_of_the_provider_is_planned(stack: Deploy, network: dict[str, Any]) -> None:
    workspace = stack(resource=network)

    changes = {c["address"]: c["change"] for c in workspace.shown()["resource_changes"]}

    after = changes["azurerm_subnet.subnet"]["after"]
    assert after["private_endpoint_network_policies"] == "Disabled"


def test_a_resource_deleted_behind_terraforms_back_is_created_again(
    stack: Deploy, network: dict[str, Any]
) -> None:
    workspace = stack(resource=network)
    workspace.apply()
    (file,) = workspace.existing("azurerm_subnet")

    file.unlink()

    assert workspace.planned() == {"azurerm_subnet.subnet": ["create"]}


def test_a_resource_edited_behind_terraforms_back_is_set_right(
    stack: Deploy, network: dict[str, Any]
) -> None:
    workspace = stack(resource=network)
    workspace.apply()
    (file,) = workspace.existing("azurerm_subnet")
    values = json.loads(file.read_text())

    file.write_text(json.dumps(values | {"address_prefixes": ["10.0.9.0/24"]}))

    assert workspace.planned() == {"azurerm_subnet.subnet": ["update"]}


def test_a_file_that_is_no_resource_is_named(stack: Deploy, network: dict[str, Any]) -> None:
    workspace = stack(resource=network)
    workspace.apply()
    (file,) = workspace.existing("azurerm_subnet")

    file.write_text("{")

    assert f"{file} is not JSON" in workspace.refused("plan")


def test_a_cloud_that_cannot_be_written_to_is_told(stack: Deploy) -> None:
    workspace = stack(resource=GROUP)
    workspace.cloud.write_text("a file where a folder should be")

    said = workspace.refused("apply", "-auto-approve")

    assert "The cloud folder cannot be used: File exists" in said


def test_what_exists_already_must_be_imported(stack: Deploy) -> None:
    workspace = stack(resource=GROUP)
    workspace.apply()
    (workspace.folder / "terraform.tfstate").unlink()

    said = workspace.refused("apply", "-auto-approve")

    assert (
        f'A resource with the ID "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-test" already '
        "exists - to be managed via Terraform this resource needs to be imported into the State."
    ) in said


def test_an_import_brings_the_resource_under_management(
    stack: Deploy, network: dict[str, Any]
) -> None:
    workspace = stack(resource=network)
    workspace.apply()
    workspace.run("state", "rm", "azurerm_virtual_network.network")

    workspace.run("import", "azurerm_virtual_network.network", NETWORK_ID)

    assert workspace.planned() == {}


def test_what_does_not_exist_cannot_be_imported(stack: Deploy, network: dict[str, Any]) -> None:
    workspace = stack(resource=network)

    done = workspace.run("import", "-no-color", "azurerm_virtual_network.network", NETWORK_ID)

    assert "Cannot import non-existent remote object" in done.stderr


def test_a_type_that_left_the_stacks_can_still_be_destroyed(
    stack: Deploy, network: dict[str, Any]
) -> None:
    workspace = stack(resource=network)
    workspace.apply()
    workspace.environment.clear()

    workspace = stack(resource=GROUP)

    assert workspace.planned() == {
        "azurerm_subnet.subnet": ["delete"],
        "azurerm_virtual_network.network": ["delete"],
    }


def test_many_resources_are_created_at_the_same_time(
    stack: Deploy, network: dict[str, Any]
) -> None:
    subnet = network["azurerm_subnet"].pop("subnet")
    for number in range(40):
        prefix = {"name": f"snet-{number}", "address_prefixes": [f"10.0.{number}.0/24"]}
        network["azurerm_subnet"][f"subnet_{number}"] = subnet | prefix
    workspace = stack(resource=network)

    done = workspace.run("apply", "-auto-approve", "-parallelism=40")

    assert done.returncode == 0
    assert len(workspace.existing("azurerm_subnet")) == 40


def test_a_mirror_serves_the_same_cloud(mirrored: Deploy, network: dict[str, Any]) -> None:
    workspace = mirrored(resource=network)

    workspace.apply()

    assert workspace.planned() == {}
    assert len(workspace.existing("azurerm_subnet")) == 1


def test_a_mirrored_provider_says_when_its_run_has_ended(
    mirrored: Deploy, network: dict[str, Any], tmp_path: Path
) -> None:
    workspace = mirrored(resource=network)
    program = next(workspace.folder.glob("mirror/**/linux_amd64/terraform-provider-azurerm"))
    calls = next(line for line in program.read_text().splitlines() if line.startswith("calls="))
    ended = tmp_path / "ended"
    ended.write_text(program.read_text().replace(calls, f"calls={tmp_path}/gone"))
    ended.chmod(0o755)
    workspace.terraform = ended

    done = workspace.run()

    assert "the run that serves this provider has ended" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("environment", [{}, {"ARM_SUBSCRIPTION_ID": SUBSCRIPTION}])
def test_azurerm_needs_a_subscription(
    stack: Deploy, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ARM_SUBSCRIPTION_ID", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    workspace = stack(providers={"azurerm": {"features": [{}]}}, resource=GROUP)

    done = workspace.run("plan", "-no-color")

    required = "`subscription_id` is a required provider property" in done.stderr
    assert required is (not environment)
