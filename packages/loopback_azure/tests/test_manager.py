"""Azure Resource Manager on loopback: what it keeps, what it computes, and what it refuses."""

import json
from pathlib import Path

import pytest
from loopback_azure.loopback import loopback_azure
from loopback_azure.recording import FILE

from packages.loopback_azure.tests.conftest import SUBSCRIPTION, TENANT, Client

NETWORK = "/resourceGroups/rg/providers/Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks/vnet"
SUBNET = {"name": "a", "properties": {"addressPrefix": "10.0.0.0/24"}}


def network(client: Client, *subnets: object) -> None:
    """Make a network in a group."""
    client.group()
    body = {"location": "westeurope", "properties": {"subnets": list(subnets)}}
    assert client.arm("PUT", VNET, body).status == 200


def test_a_resource_is_read_back_with_what_azure_adds(client: Client) -> None:
    network(client)

    read = client.arm("GET", VNET).document

    assert (read["id"], read["type"]) == (
        f"{SUBSCRIPTION}{VNET}",
        "Microsoft.Network/virtualNetworks",
    )
    assert read["properties"]["provisioningState"] == "Succeeded"


def test_ids_are_compared_without_regard_to_case(client: Client) -> None:
    client.group()

    assert client.arm("GET", "/RESOURCEGROUPS/RG").document["name"] == "rg"


def test_a_network_shows_the_subnets_that_are_resources_of_their_own(client: Client) -> None:
    network(client)
    client.arm("PUT", f"{VNET}/subnets/a", SUBNET)

    shown = client.arm("GET", VNET).document["properties"]["subnets"]

    assert [one["name"] for one in shown] == ["a"]


def test_a_put_of_a_network_takes_away_the_subnets_it_does_not_name(client: Client) -> None:
    network(client, SUBNET)

    network(client)

    assert client.arm("GET", f"{VNET}/subnets/a").status == 404


def test_a_patch_keeps_what_it_does_not_name(client: Client) -> None:
    network(client, SUBNET)

    client.arm("PATCH", VNET, {"tags": {"owner": "data"}})

    read = client.arm("GET", VNET).document
    assert (read["tags"], len(read["properties"]["subnets"])) == ({"owner": "data"}, 1)


def test_an_operation_is_done_when_it_is_asked_for(client: Client) -> None:
    network(client)
    put = client.arm("PUT", VNET, {"location": "westeurope"})

    operation = client.ask("GET", put.headers["Azure-AsyncOperation"].removeprefix("https://"))

    assert operation.document["status"] == "Succeeded"


def test_a_deleted_resource_is_gone_with_its_children(client: Client) -> None:
    network(client, SUBNET)

    client.arm("DELETE", VNET)

    assert client.arm("GET", f"{VNET}/subnets/a").status == 404


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (f"{NETWORK}/virtualNetworks/vnet", {}, "ParentResourceNotFound"),
        ("/providers/Microsoft.Quantum/workspaces/w", {}, "NotInLoopbackAzure"),
    ],
)
def test_what_cannot_be_is_refused(client: Client, path: str, body: object, code: str) -> None:
    refused = client.arm("PUT", path, body)

    assert refused.document["error"]["code"] == code


def test_what_is_unknown_is_named_with_method_path_and_version(client: Client) -> None:
    refused = client.arm("PUT", "/providers/Microsoft.Quantum/workspaces/w")

    assert refused.status == 501
    assert (
        f"PUT https://management.azure.com{SUBSCRIPTION}/providers/Microsoft.Quantum/workspaces/w "
        "(api-version 2025-01-01)"
    ) in refused.document["error"]["message"]


def test_a_reference_to_what_is_not_there_is_refused(client: Client) -> None:
    network(client)
    missing = {"id": f"{SUBSCRIPTION}{NETWORK}/networkSecurityGroups/none"}
    body = {"properties": {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": missing}}

    refused = client.arm("PUT", f"{VNET}/subnets/a", body)

    assert refused.document["error"]["code"] == "InvalidResourceReference"


def test_a_subnet_in_use_stays(client: Client) -> None:
    network(client, SUBNET)
    subnet = {"id": f"{SUBSCRIPTION}{VNET}/subnets/a"}
    endpoint = {"location": "westeurope", "properties": {"subnet": subnet}}
    client.arm("PUT", f"{NETWORK}/privateEndpoints/pep", endpoint)

    refused = client.arm("DELETE", f"{VNET}/subnets/a")

    assert refused.document["error"]["code"] == "InUseSubnetCannotBeDeleted"


def test_a_private_endpoint_takes_its_interface_along(client: Client) -> None:
    network(client, SUBNET)
    subnet = {"id": f"{SUBSCRIPTION}{VNET}/subnets/a"}
    endpoint = {"location": "westeurope", "properties": {"subnet": subnet}}
    client.arm("PUT", f"{NETWORK}/privateEndpoints/pep", endpoint)

    client.arm("DELETE", f"{NETWORK}/privateEndpoints/pep")

    assert client.arm("GET", f"{NETWORK}/networkInterfaces").document["value"] == []


def test_a_lock_keeps_what_lies_below_it(client: Client) -> None:
    network(client, SUBNET)
    lock = {"properties": {"level": "CanNotDelete"}}
    client.arm("PUT", f"{VNET}/providers/Microsoft.Authorization/locks/l", lock)

    refused = client.arm("DELETE", f"{VNET}/subnets/a")

    assert refused.document["error"]["code"] == "ScopeLocked"


def test_a_lock_does_not_keep_itself(client: Client) -> None:
    network(client)
    lock = f"{VNET}/providers/Microsoft.Authorization/locks/l"
    client.arm("PUT", lock, {"properties": {"level": "CanNotDelete"}})

    client.arm("DELETE", lock)

    assert client.arm("DELETE", VNET).status == 200


@pytest.mark.parametrize(("name", "found"), [("Reader", 1), ("Raeder", 0)])
def test_a_role_is_found_by_its_name(client: Client, name: str, found: int) -> None:
    path = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    query = f"api-version=2022-04-01&$filter=roleName%20eq%20%27{name}%27"

    listed = client.ask("GET", f"management.azure.com{path}?{query}")

    assert len(listed.document["value"]) == found


def test_the_same_role_is_not_granted_twice(client: Client) -> None:
    group = client.group()
    body = {"properties": {"principalId": "p", "roleDefinitionId": "r"}}
    grants = f"{group}/providers/Microsoft.Authorization/roleAssignments"
    client.arm("PUT", f"{grants}/one", body)

    refused = client.arm("PUT", f"{grants}/two", body)

    assert refused.document["error"]["code"] == "RoleAssignmentExists"


def test_a_password_is_not_told(client: Client) -> None:
    group = client.group()
    path = f"{group}/providers/Microsoft.DBforPostgreSQL/flexibleServers/psql"
    client.arm("PUT", path, {"location": "x", "properties": {"administratorLoginPassword": "s"}})

    assert "administratorLoginPassword" not in client.arm("GET", path).document["properties"]


@pytest.mark.parametrize("zone", ["privateDnsZones", "dnsZones"])
def test_a_record_lies_in_a_zone_of_another_team(client: Client, zone: str) -> None:
    path = f"/resourceGroups/rg-others/providers/Microsoft.Network/{zone}/example.com/A/airflow"
    body = {"properties": {"ttl": 300, "aRecords": [{"ipv4Address": "10.0.0.4"}]}}

    made = client.arm("PUT", path, body)

    assert made.status in (200, 201)
    assert client.arm("GET", path).document["properties"]["ttl"] == 300


def test_a_cluster_tells_back_what_it_reaches_without_a_proxy(client: Client) -> None:
    path = f"{client.group()}/providers/Microsoft.ContainerService/managedClusters/aks"
    proxy = {"httpProxy": "http://proxy:3128", "noProxy": ["10.0.0.0/16"]}

    client.arm("PUT", path, {"location": "x", "properties": {"httpProxyConfig": proxy}})

    told = client.arm("GET", path).document["properties"]["httpProxyConfig"]
    assert told["httpProxy"] == "http://proxy:3128"
    assert {"10.0.0.0/16", "localhost", "konnectivity"} < set(told["noProxy"])


def test_a_static_parameter_waits_for_a_restart(client: Client) -> None:
    server = f"{client.group()}/providers/Microsoft.DBforPostgreSQL/flexibleServers/psql"
    client.arm("PUT", server, {"location": "x"})
    changed = client.arm(
        "PUT",
        f"{server}/configurations/shared_preload_libraries",
        {"properties": {"value": "pg_cron,timescaledb"}},
    )

    restarted = client.arm("POST", f"{server}/restart")

    assert changed.document["properties"]["isDynamicConfig"] is False
    assert restarted.status == 202
    assert "Azure-AsyncOperation" in restarted.headers


def test_a_call_without_a_token_is_refused(client: Client) -> None:
    refused = client.ask("GET", f"management.azure.com{SUBSCRIPTION}/resourceGroups", signed=False)

    assert refused.status == 401


def test_the_endpoints_are_told_before_anybody_signs_in(client: Client) -> None:
    told = client.ask("GET", "management.azure.com/metadata/endpoints", signed=False)

    assert told.document["suffixes"]["keyVaultDns"] == "vault.azure.net"


def test_what_was_made_is_there_after_a_restart(folder: Path) -> None:
    with loopback_azure(folder, TENANT) as first:
        Client(first).group()

    with loopback_azure(folder, TENANT) as second:
        assert second.remaining() == [f"{SUBSCRIPTION}/resourceGroups/rg"]


RULES = "/resourceGroups/rg/providers/Microsoft.AlertsManagement/prometheusRuleGroups/group"


def test_a_prometheus_alert_without_a_severity_gets_the_mildest(client: Client) -> None:
    client.group()
    rules = [{"alert": "A", "expression": "1"}, {"record": "b", "expression": "1"}]

    client.arm("PUT", RULES, {"location": "westeurope", "properties": {"rules": rules}})

    told = client.arm("GET", RULES).document["properties"]["rules"]
    assert [one.get("severity") for one in told] == [4, None]


@pytest.mark.parametrize(
    ("type_", "path", "value"),
    [
        ("Microsoft.Dashboard/grafana", ("sku", "size"), "X1"),
        (
            "Microsoft.ContainerRegistry/registries",
            ("properties", "roleAssignmentMode"),
            "LegacyRegistryPermissions",
        ),
        (
            "Microsoft.ContainerRegistry/registries",
            ("properties", "policies", "azureADAuthenticationAsArmPolicy", "status"),
            "enabled",
        ),
    ],
)
def test_azure_answers_what_newer_providers_read(
    client: Client, type_: str, path: tuple[str, ...], value: str
) -> None:
    client.group()
    one = f"/resourceGroups/rg/providers/{type_}/one"

    client.arm("PUT", one, {"location": "westeurope", "sku": {"name": "Standard"}})

    told = client.arm("GET", one).document
    for step in path:
        told = told[step]
    assert told == value


def test_a_route_table_is_kept(client: Client) -> None:
    client.group()

    assert client.arm("PUT", f"{NETWORK}/routeTables/rt", {"location": "westeurope"}).status == 200


def link(client: Client, group: str, network: str) -> int:
    """Link a network with a zone that each group has; return the status."""
    zone = f"/resourceGroups/{group}/providers/Microsoft.Network/privateDnsZones/z.example.com"
    client.arm("PUT", f"/resourceGroups/{group}", {"location": "westeurope"})
    client.arm("PUT", zone, {"location": "global"})
    body = {"location": "global", "properties": {"virtualNetwork": {"id": network}}}
    return client.arm("PUT", f"{zone}/virtualNetworkLinks/agents", body).status


def test_a_network_is_linked_with_one_zone_of_a_name(client: Client) -> None:
    network(client)
    assert link(client, "dev", SUBSCRIPTION + VNET) < 300

    assert link(client, "prod", SUBSCRIPTION + VNET) == 400


def test_a_link_is_written_twice(client: Client) -> None:
    network(client)
    link(client, "dev", SUBSCRIPTION + VNET)

    assert link(client, "dev", SUBSCRIPTION + VNET) < 300


def peer(client: Client, network: str, remote: str, **properties: object) -> tuple[int, str]:
    """Peer a network with another; return the status, and why it is refused."""
    body = {"properties": {"remoteVirtualNetwork": {"id": SUBSCRIPTION + remote}, **properties}}
    reply = client.arm("PUT", f"{network}/virtualNetworkPeerings/to", body)
    return reply.status, reply.document.get("error", {}).get("code", "")


HUB = f"{NETWORK}/virtualNetworks/hub"


@pytest.fixture
def hub(client: Client) -> Client:
    """A network, and a hub without a gateway."""
    network(client)
    body = {"location": "westeurope", "properties": {"subnets": []}}
    assert client.arm("PUT", HUB, body).status == 200
    return client


def test_a_hub_without_a_gateway_gives_no_transit(hub: Client) -> None:
    assert peer(hub, VNET, HUB, useRemoteGateways=True) == (400, "RemoteVnetHasNoGateways")


def test_a_hub_gives_transit_once_its_side_of_the_peering_allows_it(hub: Client) -> None:
    subnet = {"properties": {"addressPrefix": "10.1.0.0/27"}}
    hub.arm("PUT", f"{HUB}/subnets/GatewaySubnet", subnet)
    assert peer(hub, VNET, HUB, useRemoteGateways=True)[0] == 400

    assert peer(hub, HUB, VNET, allowGatewayTransit=True)[0] < 300
    assert peer(hub, VNET, HUB, useRemoteGateways=True)[0] < 300


def test_what_is_asked_to_be_written_is_recorded_with_the_api_version(folder: Path) -> None:
    with loopback_azure(folder, TENANT) as azure:
        network(Client(azure))

    lines = [json.loads(line) for line in (folder / FILE).read_text().splitlines()]
    assert [(one["method"], one["type"], one["version"]) for one in lines] == [
        ("PUT", "Microsoft.Resources/resourceGroups", "2025-01-01"),
        ("PUT", "Microsoft.Network/virtualNetworks", "2025-01-01"),
    ]
    assert lines[1]["body"] == {"location": "westeurope", "properties": {"subnets": []}}
