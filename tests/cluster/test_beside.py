"""How pods find what stands beside their cluster: a real API server takes the objects."""

from typing import Any

import pytest
from local_kubernetes import ApiServer

from tools.cluster import beside, webhook
from tools.cluster.deployment import Deployment

ADDRESS = "192.168.7.9"


@pytest.fixture(scope="module")
def made(cluster: ApiServer) -> ApiServer:
    """The cluster with the Service."""
    for each in beside.service(ADDRESS, 40443, 45432):
        assert cluster.apply(each) is None
    return cluster


def test_the_service_has_an_address_in_the_cluster(made: ApiServer) -> None:
    found = made.get("v1", "Service", beside.NAME, beside.NAMESPACE)

    assert found["spec"]["clusterIP"].startswith("10.")


def test_its_ports_are_those_of_azure_whatever_the_machine_has(made: ApiServer) -> None:
    found = made.get("v1", "Service", beside.NAME, beside.NAMESPACE)

    ports = {each["port"]: each["targetPort"] for each in found["spec"]["ports"]}
    assert ports == {443: 40443, 5432: 45432}


def test_the_webhook_is_asked_by_the_service(made: ApiServer) -> None:
    assert made.apply(webhook.configuration(b"", ["airflow"])) is None


def test_pods_may_go_to_the_machine_and_to_the_api_server(made: ApiServer) -> None:
    policy = beside.way_out(made, beside.NAMESPACE, ADDRESS)

    assert made.apply(policy) is None
    [rule] = policy["spec"]["egress"]
    blocks = [peer["ipBlock"]["cidr"] for peer in rule["to"]]
    assert blocks[0] == f"{ADDRESS}/32"
    assert len(blocks) > 1


def test_every_service_of_the_deployment_has_its_name() -> None:
    resources: dict[str, list[Any]] = {
        "azurerm_storage_account": [{"name": "stdata"}],
        "azurerm_key_vault": [{"name": "kv"}],
        "azurerm_postgresql_flexible_server": [{"fqdn": "psql.postgres.database.azure.com"}],
    }

    assert beside.azure_names(Deployment(resources)) == [
        "login.microsoftonline.com",
        "stdata.blob.core.windows.net",
        "kv.vault.azure.net",
        "psql.postgres.database.azure.com",
    ]
