"""Azure's own names for what it makes: endpoints, hosts, addresses, identities, by type.

A text is a template of the resource's strings and of `subscription`, `tenant`, `digest`, `digest8`
and `uuid`, which follow from its id; any other value stands as it is.
"""

import ipaddress
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from azure_facts import directory, hosts, limits

from standin_providers.identifiers import minted

_GROUPS = "/subscriptions/{subscription}/resourceGroups"
_MANAGED = f"{_GROUPS}/{hosts.METRICS_GROUP}/providers/Microsoft.Insights"

_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "azuread_application": {"publisher_domain": "contoso.onmicrosoft.com"},
    "azuread_service_principal": {"type": "Application", "sign_in_audience": "AzureADMyOrg"},
    "azurerm_application_insights": {
        "connection_string": (
            "InstrumentationKey={uuid};"
            "IngestionEndpoint=https://{location}-1.in.applicationinsights.azure.com/"
        ),
        "instrumentation_key": "{uuid}",
    },
    "azurerm_bastion_host": {"dns_name": "bst-{digest8}.bastion.azure.com"},
    "azurerm_container_registry": {
        "login_server": hosts.REGISTRY,
        "admin_username": "{name}",
        "data_endpoint_host_names": ["{name}.{location}.data.azurecr.io"],
    },
    "azurerm_dashboard_grafana": {
        "endpoint": hosts.GRAFANA,
        "grafana_version": "12.4.0",
        "outbound_ip": [],
    },
    "azurerm_key_vault": {"vault_uri": hosts.VAULT_URI},
    "azurerm_kubernetes_cluster": {
        "current_kubernetes_version": "{kubernetes_version}.4",  # Azure chooses the patch
        "fqdn": hosts.CLUSTER,
        "kubernetes_version": "1.36",
        "node_resource_group": hosts.NODE_GROUP,
        "node_resource_group_id": _GROUPS + "/{node_resource_group}",
        "oidc_issuer_url": hosts.OIDC_ISSUER,
        "portal_fqdn": hosts.CLUSTER_PORTAL,
        "private_dns_zone_id": "System",
        "private_fqdn": hosts.CLUSTER_IN_SUBNET,
        "kubelet_identity.user_assigned_identity_id": (
            _GROUPS
            + "/{node_resource_group}/providers/Microsoft.ManagedIdentity"
            + "/userAssignedIdentities/"
            + hosts.KUBELET_IDENTITY
        ),
        "default_node_pool.max_pods": 250,
        "default_node_pool.node_count": 3,
        "default_node_pool.os_disk_size_gb": 128,
        "default_node_pool.os_sku": "Ubuntu",
        "default_node_pool.kubelet_disk_type": "OS",
        "default_node_pool.orchestrator_version": "{kubernetes_version}",
        "network_profile.dns_service_ip": "10.0.0.10",
        "network_profile.pod_cidr": "10.244.0.0/16",
        "network_profile.pod_cidrs": ["10.244.0.0/16"],
        "network_profile.service_cidr": "10.0.0.0/16",
        "network_profile.service_cidrs": ["10.0.0.0/16"],
        "network_profile.ip_versions": ["IPv4"],
    },
    "azurerm_kubernetes_cluster_node_pool": {
        "max_pods": 250,
        "node_count": 1,
        "os_disk_size_gb": 128,
        "os_sku": "Ubuntu",
        "kubelet_disk_type": "OS",
    },
    "azurerm_log_analytics_workspace": {
        "sku": "PerGB2018",
        "retention_in_days": 30,
        "local_authentication_enabled": True,
    },
    "azurerm_monitor_data_collection_endpoint": {
        "configuration_access_endpoint": (
            "https://{name}-{digest8}.{location}-1.handler.control.monitor.azure.com"
        ),
        "immutable_id": "dce-{digest}",
        "logs_ingestion_endpoint": "https://{name}-{digest8}.{location}-1.ingest.monitor.azure.com",
        "metrics_ingestion_endpoint": (
            "https://{name}-{digest8}.{location}-1.metrics.ingest.monitor.azure.com"
        ),
    },
    "azurerm_monitor_data_collection_rule": {"immutable_id": hosts.COLLECTION_RULE},
    "azurerm_monitor_workspace": {
        "query_endpoint": hosts.PROMETHEUS,
        "default_data_collection_endpoint_id": _MANAGED + "/dataCollectionEndpoints/{name}",
        "default_data_collection_rule_id": _MANAGED + "/dataCollectionRules/{name}",
    },
    "azurerm_postgresql_flexible_server": {
        "fqdn": "{name}" + hosts.POSTGRES_SUFFIX,
        "backup_retention_days": 7,
        "private_dns_zone_id": "",
        "storage_mb": 32768,
        "storage_tier": "P4",
        "version": "16",
    },
    "azurerm_private_dns_a_record": {"fqdn": "{name}.{zone_name}."},
    "azurerm_private_dns_zone": {
        "max_number_of_record_sets": limits.ZONE_RECORD_SETS,
        "max_number_of_virtual_network_links": limits.ZONE_LINKS,
        "max_number_of_virtual_network_links_with_registration": limits.ZONE_REGISTERING_LINKS,
        "number_of_record_sets": 1,
    },
    "azurerm_public_ip": {"fqdn": "{domain_name_label}.{location}.cloudapp.azure.com"},
    "azurerm_role_assignment": {"principal_type": "ServicePrincipal"},
    "azurerm_subscription": {"display_name": "rehearsal", "state": "Enabled"},
    "helm_release": {"status": "deployed", "metadata.revision": 1},
}


def of(type_: str, names: dict[str, str]) -> dict[str, Any]:
    """Return what Azure answers for a resource of the type, by attribute path."""
    found: dict[str, Any] = {}
    known = _Blank(names)
    for path, answer in {**_ANSWERS.get(type_, {}), **dict(_more(type_, names))}.items():
        found[path] = _filled(answer, known)
        if isinstance(found[path], str):
            known.setdefault(path, found[path])  # a later answer may build on it
    return found


def public_address(seed: str) -> str:
    """Return an address of one of Azure's public ranges."""
    return str(ipaddress.ip_address("20.50.0.0") + uuid.UUID(minted(seed)).int % 65536)


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _filled(answer: Any, known: _Blank) -> Any:
    if isinstance(answer, list):
        return [_filled(item, known) for item in answer]
    return answer.format_map(known) if isinstance(answer, str) else answer


def _more(type_: str, names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """The answers that follow a pattern, or from what is in the id."""
    id_ = names["id"]
    if type_ == "azurerm_storage_account":
        yield from _storage(names)
    if type_ in ("azurerm_key_vault_secret", "azurerm_key_vault_key"):
        yield from {"version": "{digest}", "versionless_id": id_.rsplit("/", 1)[0]}.items()
    if type_ == "azurerm_public_ip_prefix":
        network = ipaddress.ip_network(f"{public_address(id_)}/28", strict=False)
        yield "ip_prefix", str(network)
    if type_ == "azurerm_role_assignment":
        yield "name", id_.rsplit("/", 1)[-1]
        name = names.get("role_definition_name", "")
        role = directory.ROLES.get(name) or minted("role", name)
        scope = "/subscriptions/{subscription}/providers/Microsoft.Authorization"
        yield "role_definition_id", f"{scope}/roleDefinitions/{role}"
    if type_ == "azurerm_role_definition":
        yield "role_definition_resource_id", id_.split("|")[0]
        yield "role_definition_id", id_.split("|")[0].rsplit("/", 1)[-1]
    if type_.startswith("azuread_") and "object_id" not in names:
        yield "object_id", id_.rsplit("/", 1)[-1]
    if type_ == "azurerm_storage_container":
        yield "resource_manager_id", id_


def _storage(names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    yield from {"access_tier": "Hot", "primary_location": "{location}"}.items()
    for place, suffix in (("primary", ""), ("secondary", "-secondary")):
        for service in hosts.STORAGE_SERVICES:
            host = f"{{name}}{suffix}{hosts.storage_suffix(service)}"
            yield f"{place}_{service}_host", host
            yield f"{place}_{service}_endpoint", f"https://{host}/"
        key = f"{place}_access_key"
        yield key, minted(names["id"], key).replace("-", "") * 2 + "=="
        account = "DefaultEndpointsProtocol=https;AccountName={name};AccountKey={" + key + "}"
        yield f"{place}_connection_string", account + ";EndpointSuffix=core.windows.net"
