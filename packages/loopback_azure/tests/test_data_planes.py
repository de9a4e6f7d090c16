"""Sign-in, Key Vault, storage and Microsoft Graph on loopback."""

import base64
import json
import time
from pathlib import Path

import pytest
from loopback_azure import entra
from loopback_azure.loopback import loopback_azure

from packages.loopback_azure.tests.conftest import SUBSCRIPTION, TENANT, Client

VAULT = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
SECRET = "kv.vault.azure.net/secrets/s"


def vault(client: Client, access: str) -> None:
    """Make a vault with or without public access."""
    client.group()
    body = {"location": "westeurope", "properties": {"publicNetworkAccess": access}}
    assert client.arm("PUT", VAULT, body).status == 200


def endpoint(client: Client, target: str, subresource: str) -> None:
    """Make a private endpoint."""
    network = "/resourceGroups/rg/providers/Microsoft.Network"
    subnet = f"{network}/virtualNetworks/v/subnets/a"
    client.arm("PUT", f"{network}/virtualNetworks/v", {"location": "x", "properties": {}})
    client.arm("PUT", subnet, {"properties": {"addressPrefix": "10.0.0.0/24"}})
    link = {"privateLinkServiceId": f"{SUBSCRIPTION}{target}", "groupIds": [subresource]}
    properties = {
        "subnet": {"id": f"{SUBSCRIPTION}{subnet}"},
        "privateLinkServiceConnections": [{"name": "c", "properties": link}],
    }
    body = {"location": "westeurope", "properties": properties}
    assert client.arm("PUT", f"{network}/privateEndpoints/pep", body).status == 200


def test_a_token_carries_who_asks_in_which_tenant(client: Client) -> None:
    form = f"client_id={entra.CLIENT}&grant_type=client_credentials&scope=s"

    told = client.ask("POST", f"{entra.HOST}/{TENANT}/oauth2/v2.0/token", form, signed=False)

    payload = told.document["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert (claims["tid"], claims["appid"]) == (TENANT, entra.CLIENT)


def test_nobody_else_signs_in(client: Client) -> None:
    form = "client_id=somebody&grant_type=client_credentials"

    refused = client.ask("POST", f"{entra.HOST}/{TENANT}/oauth2/v2.0/token", form, signed=False)

    assert refused.status == 401


def test_a_secret_is_read_back_by_its_version(client: Client) -> None:
    vault(client, "Enabled")

    made = client.ask("PUT", SECRET, {"value": "x"}).document

    assert client.ask("GET", made["id"].removeprefix("https://")).document["value"] == "x"


def test_a_private_vault_is_out_of_reach_without_an_endpoint(client: Client) -> None:
    vault(client, "Disabled")

    assert client.ask("PUT", SECRET, {"value": "x"}).status == 403


def test_a_private_vault_is_reached_by_its_endpoint(client: Client) -> None:
    vault(client, "Disabled")
    endpoint(client, VAULT, "vault")

    assert client.ask("PUT", SECRET, {"value": "x"}).status == 200


def test_a_vault_tells_where_to_sign_in(client: Client) -> None:
    told = client.ask("GET", SECRET, signed=False)

    assert f"https://{entra.HOST}/{TENANT}" in told.headers["WWW-Authenticate"]


def test_a_key_is_as_long_as_it_was_asked_to_be(client: Client) -> None:
    vault(client, "Enabled")
    asked = {"kty": "RSA-HSM", "key_size": 3072}

    key = client.ask("POST", "kv.vault.azure.net/keys/k/create", asked).document["key"]

    assert len(base64.urlsafe_b64decode(key["n"] + "==")) * 8 == 3072


def test_a_deleted_vault_keeps_its_name(client: Client) -> None:
    vault(client, "Enabled")
    client.arm("DELETE", VAULT)

    refused = client.arm("PUT", VAULT, {"location": "westeurope", "properties": {}})

    assert refused.document["error"]["code"] == "ConflictError"


@pytest.mark.parametrize("service", ["blob", "queue", "file"])
def test_a_private_account_is_out_of_reach(client: Client, service: str) -> None:
    group = client.group()
    private = {"publicNetworkAccess": "Disabled"}
    body = {"location": "x", "sku": {"name": "Standard_LRS"}, "properties": private}
    client.arm("PUT", f"{group}/providers/Microsoft.Storage/storageAccounts/st", body)

    assert client.ask("GET", f"st.{service}.core.windows.net/?comp=properties").status == 403


def test_a_service_principal_takes_over_the_roles_of_its_application(client: Client) -> None:
    graph = "graph.microsoft.com/v1.0"
    roles = [{"id": "r", "value": "Admin"}]
    made = client.ask("POST", f"{graph}/applications", {"displayName": "a", "appRoles": roles})

    found = client.ask("POST", f"{graph}/servicePrincipals", {"appId": made.document["appId"]})

    assert found.document["appRoles"] == roles


def test_an_unknown_app_role_is_not_assigned(client: Client) -> None:
    graph = "graph.microsoft.com/v1.0"
    made = client.ask("POST", f"{graph}/applications", {"displayName": "a"}).document
    service = client.ask("POST", f"{graph}/servicePrincipals", {"appId": made["appId"]}).document
    assignment = {"appRoleId": "r", "principalId": "p", "resourceId": service["id"]}

    refused = client.ask(
        "POST", f"{graph}/servicePrincipals/{service['id']}/appRoleAssignedTo", assignment
    )

    assert refused.status == 400


def test_an_unknown_host_is_refused_by_its_name(client: Client) -> None:
    refused = client.ask("GET", "prices.azure.com/api")

    assert "GET https://prices.azure.com/api" in refused.document["error"]["message"]


@pytest.mark.parametrize(("seconds", "status"), [(0.0, 200), (0.2, 200), (900, 403)])
def test_a_role_on_a_vault_counts_after_some_time(
    folder: Path, seconds: float, status: int
) -> None:
    with loopback_azure(folder, TENANT, late_roles=seconds) as azure:
        client = Client(azure)
        vault(client, "Enabled")
        role = {"principalId": "p", "roleDefinitionId": "r"}
        given = "/providers/Microsoft.Authorization/roleAssignments/one"
        assert client.arm("PUT", given, {"properties": role}).status == 200
        time.sleep(min(seconds, 0.3) + 0.1)

        written = client.ask("PUT", SECRET, {"value": "v"})

    assert written.status == status
    if status == 403:
        assert "ForbiddenByRbac" in written.document["error"]["message"]
