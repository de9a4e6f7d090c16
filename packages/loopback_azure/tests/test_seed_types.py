"""What only a seed makes: roles of a company's own, and a machine."""

from typing import Any

from azure_facts import directory

from packages.loopback_azure.tests.conftest import SUBSCRIPTION, Client

ROLE = "/providers/Microsoft.Authorization/roleDefinitions/12345678-0000-4000-8000-000000000000"
MACHINE = "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"


def test_a_role_that_was_made_in_a_group_is_found_in_the_subscription(client: Client) -> None:
    group = client.group()
    asked = {"properties": {"roleName": "Joins", "permissions": [], "assignableScopes": [group]}}

    made = client.arm("PUT", f"{group}{ROLE}", asked)

    assert made.document["id"] == f"{SUBSCRIPTION}{ROLE}"
    assert client.arm("GET", ROLE).document["properties"]["roleName"] == "Joins"


def test_a_role_that_nobody_made_is_not_found(client: Client) -> None:
    assert client.arm("GET", ROLE).status == 404


def machine(client: Client) -> Any:
    """Make a machine with an identity of its own, and return it."""
    client.group()
    disk = {"createOption": "FromImage", "managedDisk": {"storageAccountType": "Premium_LRS"}}
    body = {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"storageProfile": {"osDisk": disk}, "additionalCapabilities": {}},
    }
    return client.arm("PUT", MACHINE, body).document


def test_a_machine_has_the_principal_of_its_identity(client: Client) -> None:
    assert machine(client)["identity"]["principalId"]


def test_a_machine_without_additional_capabilities_tells_of_none(client: Client) -> None:
    assert "additionalCapabilities" not in machine(client)["properties"]


def test_a_machine_runs_from_when_it_is_made(client: Client) -> None:
    machine(client)

    seen = client.arm("GET", f"{MACHINE}/instanceView").document

    assert {"code": "PowerState/running"} in seen["statuses"]


def test_the_disk_of_a_machine_outlives_it(client: Client) -> None:
    made = machine(client)
    own = made["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]

    client.arm("DELETE", MACHINE)

    kept = client.arm("GET", own.removeprefix(SUBSCRIPTION)).document
    assert kept["sku"]["name"] == "Premium_LRS"


def test_every_tenant_has_microsoft_graph_with_its_permissions(client: Client) -> None:
    found = client.ask(
        "GET",
        f"graph.microsoft.com/v1.0/servicePrincipals?$filter=appId%20eq%20%27{directory.GRAPH}%27",
    )

    (graph,) = found.document["value"]
    assert {role["id"] for role in graph["appRoles"]} == {*directory.GRAPH_ROLES.values()}
