"""What an environment file can choose, as the stacks show it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from environments.model import Environment
from main import build

Synthesize = Callable[..., dict[str, Any]]


@pytest.fixture
def synthesize(dev_values: dict[str, Any], tmp_path: Path) -> Synthesize:
    """Return the resources of all stacks of dev, by type, with some tables changed."""

    def resources(**changes: dict[str, Any]) -> dict[str, Any]:
        for table, values in changes.items():
            dev_values[table] = {**dev_values[table], **values}
        build(tmp_path, [Environment.model_validate(dev_values)])
        found: dict[str, Any] = {}
        for file in tmp_path.glob("stacks/*/cdk.tf.json"):
            for kind, blocks in json.loads(file.read_text()).get("resource", {}).items():
                found.setdefault(kind, {}).update(blocks)
        return found

    return resources


def only(resources: dict[str, Any], kind: str) -> Any:
    """Return the one resource of its type."""
    (resource,) = resources[kind].values()
    return resource


def test_firewall_egress_routes_everything_to_the_firewall(synthesize: Synthesize) -> None:
    resources = synthesize(network={"egress": "firewall", "firewall_private_ip": "10.0.1.4"})

    (route,) = only(resources, "azurerm_route_table")["route"]
    assert (route["address_prefix"], route["next_hop_in_ip_address"]) == ("0.0.0.0/0", "10.0.1.4")
    assert "azurerm_nat_gateway" not in resources


def test_behind_a_firewall_the_cluster_makes_no_way_out_of_its_own(synthesize: Synthesize) -> None:
    resources = synthesize(network={"egress": "firewall", "firewall_private_ip": "10.0.1.4"})

    profile = only(resources, "azurerm_kubernetes_cluster")["network_profile"]
    assert profile["outbound_type"] == "userDefinedRouting"


def test_celery_switches_keda_on(synthesize: Synthesize) -> None:
    resources = synthesize(airflow={"executor": "CeleryExecutor"})

    profile = only(resources, "azurerm_kubernetes_cluster")["workload_autoscaler_profile"]
    assert profile["keda_enabled"] is True


def test_a_scratch_volume_switches_the_blob_driver_on(synthesize: Synthesize) -> None:
    resources = synthesize(airflow={"scratch_volume": True})

    profile = only(resources, "azurerm_kubernetes_cluster")["storage_profile"]
    assert profile["blob_driver_enabled"] is True


def test_a_hub_is_peered_with(synthesize: Synthesize, dev_values: dict[str, Any]) -> None:
    hub = dev_values["network"]["linked_networks"][0]["id"].replace("ci", "hub")

    resources = synthesize(network={"hub": {"virtual_network_id": hub}})

    assert only(resources, "azurerm_virtual_network_peering")["remote_virtual_network_id"] == hub


def test_postgres_takes_a_key_of_our_own(synthesize: Synthesize) -> None:
    resources = synthesize(postgres={"customer_managed_key": True})

    key = only(resources, "azurerm_postgresql_flexible_server")["customer_managed_key"]
    assert "azurerm_key_vault_key.postgres_encryption" in key["key_vault_key_id"]
