"""What azurerm 5.0 takes away or wants is not set, or set, but for what 4.81 cannot have yet.

The lists are those of its upgrade guide (registry.terraform.io: "Azure Provider: 5.0 Upgrade
Guide"), for the types that our stacks use.
"""

from collections.abc import Iterator
from typing import Any

from tests import ROOT

LINK = "azurerm_private_dns_zone_virtual_network_link"
GONE = {
    "azurerm_container_registry": [
        "georeplications.regional_endpoint_enabled",
        "trust_policy_enabled",
    ],
    "azurerm_disk_encryption_set": ["managed_hsm_key_id"],
    "azurerm_federated_identity_credential": ["parent_id", "resource_group_name"],
    "azurerm_key_vault": ["contact", "enable_rbac_authorization"],
    "azurerm_kubernetes_cluster": ["default_node_pool.kubelet_config.container_log_max_line"],
    "azurerm_kubernetes_cluster_node_pool": ["kubelet_config.container_log_max_line"],
    "azurerm_log_analytics_workspace": [
        "internet_ingestion_enabled",
        "internet_query_enabled",
        "local_authentication_disabled",
    ],
    "azurerm_monitor_diagnostic_setting": ["enabled_log.retention_policy", "metric"],
    "azurerm_network_watcher_flow_log": ["network_security_group_id"],
    LINK: ["private_dns_zone_name", "resource_group_name"],
    "azurerm_storage_account": [
        "customer_managed_key.managed_hsm_key_id",
        "queue_properties",
        "static_website",
    ],
    "azurerm_storage_container": ["storage_account_name"],
    "azurerm_subnet": ["service_endpoints"],
    "azurerm_virtual_network": ["subnet.service_endpoints"],
}
WANTED = {
    "azurerm_container_registry": ["georeplications.global_endpoint_routing_enabled"],
    "azurerm_key_vault": ["rbac_authorization_enabled"],
    "azurerm_kubernetes_cluster": ["node_provisioning_profile"],
    LINK: ["private_dns_zone_id"],
}
TO_DO = {
    ("azurerm_container_registry", "georeplications.global_endpoint_routing_enabled"),
    ("azurerm_subnet", "service_endpoints"),
    (LINK, "private_dns_zone_id"),
    (LINK, "private_dns_zone_name"),
    (LINK, "resource_group_name"),
}


def blocks(resource: dict[str, Any], path: str) -> Iterator[dict[str, Any]]:
    """The blocks that hold the last argument of a path."""
    name, _, rest = path.partition(".")
    if not rest:
        yield resource
        return
    inner = resource.get(name) or []
    for block in inner if isinstance(inner, list) else [inner]:
        yield from blocks(block, rest)


def found(stacks: dict[str, Any], listed: dict[str, list[str]], *, there: bool) -> set[Any]:
    """Which of the listed arguments are there, or are missing, in any stack."""
    return {
        (kind, path)
        for stack in stacks.values()
        for kind, paths in listed.items()
        for resource in stack["resource"].get(kind, {}).values()
        for path in paths
        for block in blocks(resource, path)
        if (path.rpartition(".")[2] in block) is there
    }


def test_only_what_4_81_cannot_have_yet_is_left_for_azurerm_5(stacks: dict[str, Any]) -> None:
    gone = found(stacks, GONE, there=True)
    missing = found(stacks, WANTED, there=False)

    assert gone | missing == TO_DO


def test_the_page_names_what_is_left() -> None:
    page = (ROOT / "docs/how-to/upgrade.md").read_text()
    rows = [line for line in page.splitlines() if "**to do**" in line]

    assert len(rows) == len({kind for kind, _ in TO_DO})
    for kind, path in TO_DO:
        (row,) = (row for row in rows if f"`{kind}`" in row)
        assert f"`{path.rpartition('.')[2]}`" in row
