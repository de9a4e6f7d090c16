"""Which change replaces a resource, which one does not, and what a plan cannot know."""

from typing import Any

import pytest
from standin_providers import replacements
from standin_providers.planning import Planner
from standin_providers.schema_fitting import fitted
from standin_providers.values import UNKNOWN

from packages.standin_providers.tests.azure import SCHEMAS
from packages.standin_providers.tests.conftest import GROUP, Deploy

CLUSTER = "azurerm_kubernetes_cluster"
ACCOUNT = "azurerm_storage_account"
SERVER = "azurerm_postgresql_flexible_server"
Paths = list[tuple[str | int, ...]]


def planner(type_: str) -> Planner:
    schemas = SCHEMAS["azurerm"]
    return Planner(schemas.block("resource", type_), schemas.facts("resource", type_).rules)


def forced(type_: str, before: dict[str, Any], after: dict[str, Any]) -> Paths:
    """What forces the replacement of a resource when these arguments change."""
    block = planner(type_).block
    prior, planned = fitted(block, before), fitted(block, after)
    found = planner(type_).replacing(planned, prior)
    return found + replacements.replacing(type_, planned, prior)


def network(**profile: Any) -> dict[str, Any]:
    return {"network_profile": [{"network_plugin": "azure", **profile}]}


def pool(**settings: Any) -> dict[str, Any]:
    return {"default_node_pool": [{"name": "system", **settings}]}


REPLACED: dict[str, tuple[str, dict[str, Any], dict[str, Any], Paths]] = {
    "a name": (SERVER, {"name": "a"}, {"name": "b"}, [("name",)]),
    "a subnet of a database server": (
        SERVER,
        {"delegated_subnet_id": "/a"},
        {"delegated_subnet_id": "/b"},
        [("delegated_subnet_id",)],
    ),
    "an id that is not known yet": (
        SERVER,
        {"delegated_subnet_id": "/a"},
        {"delegated_subnet_id": UNKNOWN},
        [("delegated_subnet_id",)],
    ),
    "a version that goes down": (SERVER, {"version": "17"}, {"version": "16"}, [("version",)]),
    "a disk that shrinks": (
        SERVER,
        {"storage_mb": 65536},
        {"storage_mb": 32768},
        [("storage_mb",)],
    ),
    "an attribute of a block": (
        CLUSTER,
        network(dns_service_ip="10.0.0.10"),
        network(dns_service_ip="10.1.0.10"),
        [("network_profile", 0, "dns_service_ip")],
    ),
    "a network policy": (
        CLUSTER,
        network(network_policy="cilium"),
        network(network_policy="calico"),
        [("network_profile", 0, "network_policy")],
    ),
    "a key without an end": (
        "azurerm_key_vault_key",
        {"expiration_date": "2027-12-01T00:00:00Z"},
        {},
        [("expiration_date",)],
    ),
    "a vault that was locked": (
        "azurerm_data_protection_backup_vault",
        {"immutability": "Locked"},
        {"immutability": "Unlocked"},
        [("immutability",)],
    ),
    "an identity of the service for one of ours": (
        "azurerm_disk_encryption_set",
        {"identity": [{"type": "UserAssigned"}]},
        {"identity": [{"type": "SystemAssigned"}]},
        [("identity", 0, "type")],
    ),
    "an issuer that is switched off": (
        CLUSTER,
        {"oidc_issuer_enabled": True},
        {"oidc_issuer_enabled": False},
        [("oidc_issuer_enabled",)],
    ),
    "a default pool's name": (
        CLUSTER,
        pool(),
        {"default_node_pool": [{"name": "other"}]},
        [("default_node_pool", 0, "name")],
    ),
    "a hierarchical namespace": (
        ACCOUNT,
        {"is_hns_enabled": False},
        {"is_hns_enabled": True},
        [("is_hns_enabled",)],
    ),
    "a replication that leaves the zones": (
        ACCOUNT,
        {"account_replication_type": "ZRS"},
        {"account_replication_type": "LRS"},
        [("account_replication_type",)],
    ),
    "a block that is removed": (
        ACCOUNT,
        {"immutability_policy": [{"state": "Unlocked"}]},
        {},
        [("immutability_policy",)],
    ),
}
KEPT: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "tags": (SERVER, {"tags": {"a": "1"}}, {"tags": {"a": "2"}}),
    "a version that goes up": (SERVER, {"version": "16"}, {"version": "17"}),
    "a disk that grows": (SERVER, {"storage_mb": 32768}, {"storage_mb": 65536}),
    "a replication that stays in the zones": (
        ACCOUNT,
        {"account_replication_type": "ZRS"},
        {"account_replication_type": "GZRS"},
    ),
    "an issuer that is switched on": (
        CLUSTER,
        {"oidc_issuer_enabled": False},
        {"oidc_issuer_enabled": True},
    ),
    "a move to Cilium's policies": (
        CLUSTER,
        network(network_policy="calico"),
        network(network_policy="cilium"),
    ),
    "a move to Cilium's data plane": (
        CLUSTER,
        network(network_data_plane="azure"),
        network(network_data_plane="cilium"),
    ),
    "a vault that may be deleted again": (
        "azurerm_data_protection_backup_vault",
        {"soft_delete": "On"},
        {"soft_delete": "Off"},
    ),
    "a move to an overlay": (CLUSTER, network(), network(network_plugin_mode="overlay")),
    "a node size": (CLUSTER, pool(vm_size="a"), pool(vm_size="b")),
    "an empty text for none": (SERVER, {"delegated_subnet_id": None}, {"delegated_subnet_id": ""}),
}


@pytest.mark.parametrize("name", REPLACED)
def test_a_resource_is_replaced_by_a_change_of(name: str) -> None:
    type_, before, after, paths = REPLACED[name]

    assert forced(type_, before, after) == paths


@pytest.mark.parametrize("name", KEPT)
def test_a_resource_is_kept_by_a_change_of(name: str) -> None:
    type_, before, after = KEPT[name]

    assert forced(type_, before, after) == []


def test_a_blocks_default_is_planned() -> None:
    block = planner(ACCOUNT).block
    proposed = fitted(block, {"blob_properties": [{"delete_retention_policy": [{}]}]})

    planned = planner(ACCOUNT).plan(proposed, None)

    assert planned["blob_properties"][0]["delete_retention_policy"][0]["days"] == 7


def test_what_azure_fills_in_is_unknown_before_it_exists() -> None:
    planned = planner(CLUSTER).plan(fitted(planner(CLUSTER).block, {}), None)

    assert planned["kubelet_identity"] is UNKNOWN


def test_what_azure_filled_in_stays_when_something_else_changes() -> None:
    block = planner(CLUSTER).block
    identity = [{"client_id": "a", "object_id": "b", "user_assigned_identity_id": "c"}]
    prior = fitted(block, {"kubelet_identity": identity})

    planned = planner(CLUSTER).plan(fitted(block, {"tags": {"a": "1"}}), prior)

    assert planned["kubelet_identity"] == identity


def test_a_write_only_value_is_never_planned() -> None:
    proposed = fitted(planner(SERVER).block, {"administrator_password_wo": "secret"})

    assert planner(SERVER).plan(proposed, None)["administrator_password_wo"] is None


def test_terraform_replaces_a_cluster_for_a_change_that_only_code_refuses(
    stack: Deploy, cluster: dict[str, Any]
) -> None:
    workspace = stack(resource=GROUP | {CLUSTER: {"aks": cluster}})
    workspace.apply()
    cluster["oidc_issuer_enabled"] = False
    workspace.write(resource=GROUP | {CLUSTER: {"aks": cluster}})

    assert workspace.forcing(f"{CLUSTER}.aks") == [["oidc_issuer_enabled"]]
