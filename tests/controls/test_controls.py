"""The security and reliability controls of the platform, one fact a row.

Each row is a Terraform type, a dotted path in it, the value in dev and in prod, and the control
that it belongs to. docs/reference/controls.md lists the same rows.
"""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from synthesis.resources import EnvironmentStacks, Resource

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = "azurerm_kubernetes_cluster"
WORKERS = "azurerm_kubernetes_cluster_node_pool"
REGISTRY = "azurerm_container_registry"
ACCOUNT = "azurerm_storage_account"
CONTAINER = "azurerm_storage_container"
SERVER = "azurerm_postgresql_flexible_server"
PARAMETER = "azurerm_postgresql_flexible_server_configuration"
VAULT = "azurerm_key_vault"
KEY = "azurerm_key_vault_key"
SUBNET = "azurerm_subnet"
FLOW_LOG = "azurerm_network_watcher_flow_log"
BACKUPS = "azurerm_data_protection_backup_vault"
COLLECTION = "azurerm_monitor_data_collection_rule"
ENTRA_APPLICATION = "azuread_application"
DEPLOYER = "99999999-9999-4999-8999-999999999999"
DIAGNOSTICS = "azurerm_monitor_diagnostic_setting"


class Is(NamedTuple):
    """Any value for which `holds` is true, shown as `says`."""

    says: str
    holds: Any


class Has(NamedTuple):
    """A list that holds a value."""

    value: str


SET = Is("set", lambda value: value not in (None, "", [], False))
PRESENT = Is("present", lambda value: value is not None)
REFERENCE = Is("a reference", lambda value: str(value).startswith("${"))
ZONES = Is("zones", lambda value: value in ("1", "2", "3"))


def at_least(least: int) -> Is:
    return Is(f"at least {least}", lambda value: isinstance(value, int) and value >= least)


class Row(NamedTuple):
    """One fact about every resource of a type; `name` picks those whose name holds it."""

    control: str
    kind: str
    path: str
    dev: Any
    prod: Any
    name: str = ""


def both(control: str, kind: str, path: str, expected: Any, name: str = "") -> Row:
    return Row(control, kind, path, expected, expected, name)


ENTRA = "azure_active_directory_role_based_access_control"
POOL = "default_node_pool"
TABLE = [
    # API and identity
    both("AKS-API", CLUSTER, "private_cluster_enabled", True),
    both("AKS-API", CLUSTER, "private_cluster_public_fqdn_enabled", False),
    both("AKS-API", CLUSTER, "private_dns_zone_id", REFERENCE),
    both("AKS-API", CLUSTER, "api_server_access_profile.virtual_network_integration_enabled", True),
    both("AKS-API", CLUSTER, "api_server_access_profile.subnet_id", REFERENCE),
    Row(
        "AKS-API",
        "azurerm_private_dns_zone",
        "name",
        "airflow-dev.private.westeurope.azmk8s.io",
        "airflow-prod.private.westeurope.azmk8s.io",
        "aks_dns",
    ),
    both("AKS-API", CLUSTER, "local_account_disabled", True),
    both("AKS-API", CLUSTER, f"{ENTRA}.azure_rbac_enabled", True),
    both("AKS-API", CLUSTER, f"{ENTRA}.admin_group_object_ids", SET),
    both("AKS-API", CLUSTER, f"{ENTRA}.tenant_id", SET),
    both("AKS-API", CLUSTER, "role_based_access_control_enabled", True),
    both("AKS-API", CLUSTER, "run_command_enabled", False),
    both("AKS-API", CLUSTER, "oidc_issuer_enabled", True),
    both("AKS-API", CLUSTER, "workload_identity_enabled", True),
    both("AKS-API", CLUSTER, "identity.type", "UserAssigned"),
    # network
    both("AKS-NET", CLUSTER, "network_profile.network_plugin", "azure"),
    both("AKS-NET", CLUSTER, "network_profile.network_plugin_mode", "overlay"),
    both("AKS-NET", CLUSTER, "network_profile.network_data_plane", "cilium"),
    both("AKS-NET", CLUSTER, "network_profile.network_policy", "cilium"),
    both("AKS-NET", CLUSTER, "network_profile.outbound_type", "userAssignedNATGateway"),
    # operations
    Row("AKS-OPS", CLUSTER, "automatic_upgrade_channel", "patch", "stable"),
    both("AKS-OPS", CLUSTER, "node_os_upgrade_channel", "NodeImage"),
    both("AKS-OPS", CLUSTER, "maintenance_window_auto_upgrade.frequency", "Weekly"),
    both("AKS-OPS", CLUSTER, "maintenance_window_auto_upgrade.duration", at_least(4)),
    both("AKS-OPS", CLUSTER, "maintenance_window_node_os.frequency", "Weekly"),
    both("AKS-OPS", CLUSTER, "maintenance_window_node_os.duration", at_least(4)),
    both("AKS-OPS", CLUSTER, "oms_agent.msi_auth_for_monitoring_enabled", True),
    both("AKS-OPS", CLUSTER, "oms_agent.log_analytics_workspace_id", REFERENCE),
    both("AKS-OPS", COLLECTION, "data_flow.streams", Has("Microsoft-ContainerLogV2")),
    both(
        "AKS-OPS",
        f"{COLLECTION}_association",
        "name",
        "ContainerInsightsExtension",
        "container_logs",
    ),
    both("AKS-OPS", CLUSTER, "monitor_metrics", PRESENT),
    both("AKS-OPS", CLUSTER, "azure_policy_enabled", True),
    both("AKS-OPS", CLUSTER, "microsoft_defender.log_analytics_workspace_id", REFERENCE),
    both("AKS-OPS", CLUSTER, "image_cleaner_enabled", True),
    both("AKS-OPS", CLUSTER, "key_vault_secrets_provider.secret_rotation_enabled", True),
    both("AKS-OPS", DIAGNOSTICS, "enabled_log", SET),
    both("AKS-OPS", DIAGNOSTICS, "enabled_log.category", Has("kube-apiserver"), "aks_diagnostics"),
    both(
        "AKS-OPS", DIAGNOSTICS, "enabled_log.category", Has("kube-audit-admin"), "aks_diagnostics"
    ),
    both("AKS-OPS", DIAGNOSTICS, "enabled_metric.category", "AllMetrics", "aks_diagnostics"),
    both("AKS-OPS", DIAGNOSTICS, "log_analytics_destination_type", "Dedicated", "aks_diagnostics"),
    both("AKS-OPS", DIAGNOSTICS, "log_analytics_workspace_id", REFERENCE),
    both("AKS-OPS", CLUSTER, "cost_analysis_enabled", True),
    both("AKS-OPS", CLUSTER, "support_plan", "KubernetesOfficial"),
    # pools
    both("AKS-POOL", CLUSTER, "sku_tier", "Standard"),
    both("AKS-POOL", CLUSTER, f"{POOL}.zones", ZONES),
    both("AKS-POOL", CLUSTER, f"{POOL}.auto_scaling_enabled", True),
    both("AKS-POOL", CLUSTER, f"{POOL}.only_critical_addons_enabled", True),
    both("AKS-POOL", CLUSTER, f"{POOL}.host_encryption_enabled", True),
    both("AKS-POOL", CLUSTER, f"{POOL}.os_disk_type", "Ephemeral"),
    both("AKS-POOL", CLUSTER, f"{POOL}.max_pods", at_least(50)),
    both("AKS-POOL", CLUSTER, f"{POOL}.temporary_name_for_rotation", SET),
    both("AKS-POOL", CLUSTER, f"{POOL}.upgrade_settings.max_surge", "33%"),
    both("AKS-POOL", CLUSTER, f"{POOL}.upgrade_settings.drain_timeout_in_minutes", at_least(15)),
    both("AKS-POOL", CLUSTER, f"{POOL}.upgrade_settings.node_soak_duration_in_minutes", 5),
    both("AKS-POOL", CLUSTER, f"{POOL}.upgrade_settings.undrainable_node_behavior", "Cordon"),
    Row("AKS-POOL", CLUSTER, f"{POOL}.min_count", 1, 3),
    Row("AKS-POOL", CLUSTER, f"{POOL}.orchestrator_version", "1.36", None),
    Row("AKS-POOL", CLUSTER, f"{POOL}.tags.environment", "dev", "prod"),
    both("AKS-POOL", WORKERS, "zones", ZONES),
    Row("AKS-POOL", WORKERS, "orchestrator_version", "1.36", None),
    both("AKS-POOL", WORKERS, "auto_scaling_enabled", True),
    both("AKS-POOL", WORKERS, "host_encryption_enabled", True),
    both("AKS-POOL", WORKERS, "os_disk_type", "Ephemeral"),
    both("AKS-POOL", WORKERS, "max_pods", at_least(50)),
    both("AKS-POOL", WORKERS, "temporary_name_for_rotation", SET),
    both("AKS-POOL", WORKERS, "upgrade_settings.max_surge", "33%", "core_pool"),
    both("AKS-POOL", WORKERS, "upgrade_settings.drain_timeout_in_minutes", 30, "core_pool"),
    both("AKS-POOL", WORKERS, "upgrade_settings.node_soak_duration_in_minutes", 5, "core_pool"),
    both(
        "AKS-POOL",
        WORKERS,
        "upgrade_settings.undrainable_node_behavior",
        "Cordon",
        "core_pool",
    ),
    both("AKS-POOL", WORKERS, "priority", "Spot", "workers_pool"),
    # ACR
    both("ACR", REGISTRY, "sku", "Premium"),
    both("ACR", REGISTRY, "admin_enabled", False),
    both("ACR", REGISTRY, "public_network_access_enabled", False),
    both("ACR", REGISTRY, "zone_redundancy_enabled", True),
    both("ACR", REGISTRY, "data_endpoint_enabled", True),
    Row("ACR", REGISTRY, "retention_policy_in_days", 7, 90),
    both("ACR", REGISTRY, "anonymous_pull_enabled", False),
    both("ACR", REGISTRY, "export_policy_enabled", False),
    # storage
    both("STORAGE", ACCOUNT, "is_hns_enabled", True, "data_lake"),
    both("STORAGE", ACCOUNT, "shared_access_key_enabled", False, "data_lake"),
    both("STORAGE", ACCOUNT, "shared_access_key_enabled", False, "backup_storage"),
    both("STORAGE", ACCOUNT, "public_network_access_enabled", False),
    both("STORAGE", ACCOUNT, "local_user_enabled", False),
    both("STORAGE", ACCOUNT, "allow_nested_items_to_be_public", False),
    both("STORAGE", ACCOUNT, "default_to_oauth_authentication", True),
    both("STORAGE", ACCOUNT, "min_tls_version", "TLS1_2"),
    both("STORAGE", ACCOUNT, "cross_tenant_replication_enabled", False),
    both("STORAGE", ACCOUNT, "infrastructure_encryption_enabled", True),
    both("STORAGE", ACCOUNT, "sas_policy.expiration_period", "00.01:00:00"),
    both("STORAGE", ACCOUNT, "network_rules.default_action", "Deny"),
    Row("STORAGE", ACCOUNT, "blob_properties.delete_retention_policy.days", 7, 30, "data_lake"),
    Row(
        "STORAGE",
        ACCOUNT,
        "blob_properties.container_delete_retention_policy.days",
        7,
        30,
        "data_lake",
    ),
    Row("STORAGE", ACCOUNT, "account_replication_type", "LRS", "GZRS"),
    Row("STORAGE", ACCOUNT, "customer_managed_key.key_vault_key_id", None, REFERENCE),
    both("STORAGE", CONTAINER, "storage_account_id", REFERENCE),
    both("STORAGE", CONTAINER, "storage_account_name", None),
    both("STORAGE", CONTAINER, "container_access_type", "private"),
    # Postgres
    both("POSTGRES", SERVER, "authentication.active_directory_auth_enabled", True),
    both("POSTGRES", SERVER, "authentication.password_auth_enabled", False),
    both("POSTGRES", SERVER, "authentication.tenant_id", SET),
    both("POSTGRES", SERVER, "delegated_subnet_id", REFERENCE),
    both("POSTGRES", SERVER, "private_dns_zone_id", REFERENCE),
    both("POSTGRES", SERVER, "public_network_access_enabled", False),
    both("POSTGRES", SERVER, "auto_grow_enabled", True),
    both("POSTGRES", SERVER, "lifecycle.ignore_changes", Has("storage_mb")),
    Row("POSTGRES", SERVER, "high_availability.mode", None, "ZoneRedundant"),
    Row("POSTGRES", SERVER, "geo_redundant_backup_enabled", False, True),
    Row("POSTGRES", SERVER, "backup_retention_days", 14, 35),
    both("POSTGRES", SERVER, "maintenance_window.start_hour", PRESENT),
    both("POSTGRES", PARAMETER, "value", "on", "require_secure_transport"),
    both("POSTGRES", PARAMETER, "value", "TLSv1.2", "ssl_min_protocol_version"),
    both("POSTGRES", PARAMETER, "value", "on", "connection_throttle_enable"),
    both("POSTGRES", PARAMETER, "value", "on", "log_checkpoints"),
    both("POSTGRES", PARAMETER, "value", "on", "log_connections"),
    both("POSTGRES", PARAMETER, "value", "on", "log_disconnections"),
    both("POSTGRES", PARAMETER, "value", SET, "azure_extensions"),
    # Key Vault
    both("VAULT", VAULT, "rbac_authorization_enabled", True),
    both("VAULT", VAULT, "purge_protection_enabled", True),
    Row("VAULT", VAULT, "soft_delete_retention_days", 7, 90),
    both("VAULT", VAULT, "public_network_access_enabled", False),
    both("VAULT", VAULT, "network_acls.default_action", "Deny"),
    both("VAULT", KEY, "key_type", "RSA-HSM"),
    both("VAULT", KEY, "rotation_policy.automatic.time_before_expiry", "P60D"),
    # network
    both("NETWORK", SUBNET, "default_outbound_access_enabled", False),
    both("NETWORK", SUBNET, "private_endpoint_network_policies", "NetworkSecurityGroupEnabled"),
    both("NETWORK", SUBNET, "service_endpoints", "Microsoft.Storage", "postgres"),
    both("NETWORK", "azurerm_nat_gateway", "sku_name", "StandardV2"),
    both("NETWORK", "azurerm_public_ip_prefix", "zones", ZONES),
    both("NETWORK", FLOW_LOG, "retention_policy.days", at_least(90)),
    both("NETWORK", FLOW_LOG, "traffic_analytics.enabled", True),
    # backup of the cluster
    Row("BACKUP", BACKUPS, "soft_delete", "Off", "On"),
    Row("BACKUP", BACKUPS, "immutability", "Disabled", "Unlocked"),
    # sign-in
    both("SIGN-IN", ENTRA_APPLICATION, "owners", Has(DEPLOYER)),
]
# Every item that the design names under a control: a path of the table ends in each of them
ITEMS = {
    "AKS-API": "private_cluster_enabled private_dns_zone_id virtual_network_integration_enabled "
    "local_account_disabled azure_rbac_enabled admin_group_object_ids tenant_id "
    "run_command_enabled oidc_issuer_enabled workload_identity_enabled",
    "AKS-NET": "network_plugin network_plugin_mode network_data_plane network_policy outbound_type",
    "AKS-OPS": "automatic_upgrade_channel node_os_upgrade_channel maintenance_window_auto_upgrade "
    "maintenance_window_node_os msi_auth_for_monitoring_enabled enabled_log enabled_metric "
    "monitor_metrics azure_policy_enabled microsoft_defender image_cleaner_enabled "
    "secret_rotation_enabled",
    "AKS-POOL": "sku_tier zones auto_scaling_enabled only_critical_addons_enabled "
    "host_encryption_enabled os_disk_type max_pods temporary_name_for_rotation max_surge "
    "drain_timeout_in_minutes node_soak_duration_in_minutes undrainable_node_behavior",
    "ACR": "sku admin_enabled public_network_access_enabled zone_redundancy_enabled "
    "data_endpoint_enabled retention_policy_in_days anonymous_pull_enabled",
    "STORAGE": "is_hns_enabled shared_access_key_enabled public_network_access_enabled "
    "local_user_enabled allow_nested_items_to_be_public default_to_oauth_authentication "
    "min_tls_version sas_policy delete_retention_policy container_delete_retention_policy "
    "storage_account_id",
    "POSTGRES": "active_directory_auth_enabled password_auth_enabled tenant_id delegated_subnet_id "
    "private_dns_zone_id public_network_access_enabled high_availability "
    "geo_redundant_backup_enabled backup_retention_days maintenance_window "
    "require_secure_transport log_connections azure_extensions",
    "VAULT": "rbac_authorization_enabled purge_protection_enabled soft_delete_retention_days "
    "public_network_access_enabled network_acls",
}


@pytest.fixture(scope="module")
def by_environment(stacks: dict[str, Any]) -> dict[str, EnvironmentStacks]:
    return {
        environment: EnvironmentStacks(
            environment,
            {
                name.removesuffix(f"-{environment}"): content
                for name, content in stacks.items()
                if name.endswith(f"-{environment}")
            },
        )
        for environment in ("dev", "prod")
    }


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.control}-{row.kind}-{row.path}")
def test_every_resource_of_the_type_meets_the_control(
    by_environment: dict[str, EnvironmentStacks], environment: str, row: Row
) -> None:
    resources = [
        one for one in by_environment[environment].resources(row.kind) if row.name in one.name
    ]

    expected = row.dev if environment == "dev" else row.prod
    assert resources
    assert [one.address for one in resources if not meets(one, row.path, expected)] == []


@pytest.mark.parametrize("control", ITEMS)
def test_the_table_holds_every_item_of_the_control(control: str) -> None:
    rows = [f"{row.path}.{row.name}".split(".") for row in TABLE if row.control == control]
    named = {step for steps in rows for step in steps}

    assert set(ITEMS[control].split()) - named == set()


def test_the_documentation_lists_every_row() -> None:
    text = (ROOT / "docs" / "reference" / "controls.md").read_text()
    written = [line for line in text.splitlines() if line.startswith("| `azure")]

    assert written == [documented(row) for row in TABLE]


def documented(row: Row) -> str:
    where = f"`{row.kind}` (`{row.name.rstrip('_')}`)" if row.name else f"`{row.kind}`"
    return f"| {where} | `{row.path}` | {shown(row.dev)} | {shown(row.prod)} | {row.control} |"


def shown(expected: Any) -> str:
    match expected:
        case Is():
            return str(expected.says)
        case Has():
            return f"holds `{expected.value}`"
        case None:
            return "absent"
        case bool():
            return f"`{str(expected).lower()}`"
        case _:
            return f"`{expected}`"


def meets(resource: Resource, dotted: str, expected: Any) -> bool:
    values = resource.all(dotted)
    match expected:
        case Is():
            return bool(values) and all(expected.holds(value) for value in values)
        case Has():
            return expected.value in values
        case None:
            return not values
        case _:
            return values == [expected]
