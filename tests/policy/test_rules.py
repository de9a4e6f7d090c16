"""Each of the project's own rules is kept by prod, and broken by one change to it."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from synthesis.resources import EnvironmentStacks
from tools.policy import provider_facts, rules

Stacks = dict[str, Any]
CLUSTER = "azurerm_kubernetes_cluster"
POOL = "azurerm_kubernetes_cluster_node_pool"
KEY = "azurerm_key_vault_key"
SERVER = "azurerm_postgresql_flexible_server"
ACCOUNT = "azurerm_storage_account"

# rule, stack, type, resource name or None for any, dotted path, new value (None removes)
CHANGES: list[tuple[str, str, str, str | None, str, Any]] = [
    ("AOA-R01", "data", SERVER, None, "high_availability.mode", "SameZone"),
    ("AOA-R02", "data", SERVER, None, "backup_retention_days", 7),
    ("AOA-R03", "data", SERVER, None, "maintenance_window", None),
    ("AOA-R04", "platform", CLUSTER, None, "automatic_upgrade_channel", None),
    ("AOA-R04", "platform", CLUSTER, None, "maintenance_window_auto_upgrade", None),
    ("AOA-R04", "platform", CLUSTER, None, "node_os_upgrade_channel", "None"),
    ("AOA-R04", "platform", CLUSTER, None, "maintenance_window_node_os", None),
    ("AOA-R05", "platform", CLUSTER, None, "default_node_pool.auto_scaling_enabled", False),
    ("AOA-R05", "platform", POOL, "core_pool", "max_count", 3),
    ("AOA-R06", "platform", POOL, "workers_pool", "zones", ["1", "2"]),
    ("AOA-R07", "platform", CLUSTER, None, "default_node_pool.min_count", 2),
    ("AOA-R08", "platform", POOL, "core_pool", "upgrade_settings", None),
    ("AOA-R16", "data", SERVER, None, "auto_grow_enabled", False),
    ("AOA-R16", "data", SERVER, None, "lifecycle.ignore_changes", ["zone"]),
    ("AOA-R11", "platform", "azurerm_management_lock", "registry_lock", "lock_level", "ReadOnly"),
    ("AOA-R17", "data", KEY, None, "expiration_date", None),
    ("AOA-R17", "data", KEY, None, "rotation_policy.automatic.time_before_expiry", None),
    ("AOA-R09", "platform", CLUSTER, None, "sku_tier", "Free"),
    ("AOA-R10", "data", SERVER, None, "lifecycle.prevent_destroy", None),
    ("AOA-R10", "data", ACCOUNT, "data_lake", "lifecycle", None),
    ("AOA-R11", "data", "azurerm_management_lock", "postgres_lock", "lock_level", "ReadOnly"),
    ("AOA-R12", "data", ACCOUNT, "data_lake", "blob_properties.delete_retention_policy", None),
    ("AOA-R12", "data", "azurerm_key_vault", None, "purge_protection_enabled", False),
    (
        "AOA-R13",
        "platform",
        "azurerm_data_protection_backup_instance_kubernetes_cluster",
        None,
        "kubernetes_cluster_id",
        None,
    ),
    ("AOA-R14", "data", "azurerm_storage_management_policy", None, "rule", None),
    ("AOA-S01", "data", ACCOUNT, "data_lake", "public_network_access_enabled", True),
    ("AOA-S01", "platform", CLUSTER, None, "private_cluster_public_fqdn_enabled", True),
    ("AOA-S02", "data", ACCOUNT, "data_lake", "min_tls_version", "TLS1_0"),
    (
        "AOA-S02",
        "data",
        "azurerm_postgresql_flexible_server_configuration",
        "postgres_require_secure_transport_*",
        "value",
        "off",
    ),
    ("AOA-S03", "platform", CLUSTER, None, "default_node_pool.tags", None),
    ("AOA-S03", "network", "azurerm_virtual_network", None, "tags", {"owner": "me"}),
    ("AOA-S04", "network", "azurerm_subnet", "postgres", "default_outbound_access_enabled", True),
    (
        "AOA-S04",
        "network",
        "azurerm_subnet_network_security_group_association",
        None,
        "subnet_id",
        None,
    ),
    ("AOA-S05", "network", "azurerm_network_security_group", None, "security_rule", []),
    ("AOA-S06", "data", SERVER, None, "administrator_password", "hunter2"),
    ("AOA-S06", "data", "azurerm_key_vault_secret", "jwt_secret", "value", "hunter2"),
    ("AOA-S07", "data", "azurerm_private_endpoint", None, "private_dns_zone_group", None),
    ("AOA-S08", "identity", "azurerm_role_assignment", None, "role_definition_name", "Owner"),
    ("AOA-S08", "identity", "azurerm_role_assignment", None, "scope", "/subscriptions/1"),
    (
        "AOA-S09",
        "platform",
        "azurerm_federated_identity_credential",
        None,
        "subject",
        "system:serviceaccount:airflow:*",
    ),
    (
        "AOA-S11",
        "platform",
        "azurerm_resource_group_policy_assignment",
        "no_privileged_pods_policy",
        "parameters",
        '{"effect": {"value": "Audit"}}',
    ),
    (
        "AOA-S12",
        "platform",
        "azurerm_data_protection_backup_instance_kubernetes_cluster",
        None,
        "backup_datasource_parameters.excluded_resource_types",
        [],
    ),
    ("AOA-W01", "platform", "azurerm_monitor_diagnostic_setting", None, "enabled_log", []),
    ("AOA-W02", "platform", CLUSTER, None, "microsoft_defender", None),
    (
        "AOA-W02",
        "platform",
        "azurerm_monitor_data_collection_rule_association",
        "container_logs",
        "name",
        "logs",
    ),
    ("AOA-W03", "platform", "azurerm_monitor_action_group", None, "email_receiver", None),
    ("AOA-W03", "platform", "azurerm_monitor_metric_alert", None, "action", None),
    ("AOA-W04", "platform", "azurerm_monitor_metric_alert", "*", "scopes", []),
    ("AOA-W04", "platform", "azurerm_monitor_activity_log_alert", None, "action", None),
    ("AOA-W05", "platform", "azurerm_consumption_budget_subscription", None, "notification", []),
    ("AOA-W06", "platform", "azurerm_network_watcher_flow_log", None, "traffic_analytics", None),
    ("AOA-W06", "platform", "azurerm_network_watcher_flow_log", None, "retention_policy.days", 30),
]


@pytest.fixture(scope="module")
def prod(stacks: dict[str, Any]) -> Stacks:
    return {
        name.removesuffix("-prod"): content
        for name, content in stacks.items()
        if name.endswith("-prod")
    }


def broken(stacks: Stacks) -> set[str]:
    return {
        result.rule for result in rules.apply(EnvironmentStacks("prod", stacks)) if result.failed
    }


def test_prod_keeps_every_rule(prod: Stacks) -> None:
    assert broken(prod) == set()


@pytest.mark.parametrize(("rule", "stack", "kind", "name", "path", "value"), CHANGES)
def test_one_change_breaks_one_rule(
    prod: Stacks, rule: str, stack: str, kind: str, name: str | None, path: str, value: Any
) -> None:
    changed = {**prod, stack: deepcopy(prod[stack])}
    for resource in chosen(changed[stack]["resource"][kind], name):
        put(resource, path, value)

    assert broken(changed) == {rule}


def test_a_zone_given_by_its_id_holds_the_records_of_endpoints(prod: Stacks) -> None:
    changed = {**prod, "network": deepcopy(prod["network"])}
    zone = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z"
    changed["network"]["output"]["key_vault_dns_zone_id"]["value"] = zone

    assert broken(changed) == set()


def test_records_that_a_policy_writes_are_left_to_it(prod: Stacks) -> None:
    changed = {**prod, "data": deepcopy(prod["data"])}
    for endpoint in changed["data"]["resource"]["azurerm_private_endpoint"].values():
        del endpoint["private_dns_zone_group"]
        endpoint["lifecycle"] = {"ignore_changes": ["private_dns_zone_group"]}

    assert broken(changed) == set()


def test_a_backend_opened_by_a_key_breaks_a_rule(prod: Stacks) -> None:
    changed = {**prod, "data": deepcopy(prod["data"])}
    changed["data"]["terraform"]["backend"]["azurerm"]["use_azuread_auth"] = False

    assert broken(changed) == {"AOA-S10"}


def test_a_range_of_provider_versions_breaks_a_rule(prod: Stacks) -> None:
    changed = {**prod, "data": deepcopy(prod["data"])}
    changed["data"]["terraform"]["required_providers"]["azurerm"]["version"] = "~> 4.0"

    assert broken(changed) == {"AOA-S10"}


def test_a_provider_without_its_owner_breaks_a_rule(prod: Stacks) -> None:
    changed = {**prod, "data": deepcopy(prod["data"])}
    changed["data"]["terraform"]["required_providers"]["azurerm"]["source"] = "azurerm"

    assert broken(changed) == {"AOA-S10"}


@pytest.mark.parametrize(
    "release",
    [
        {"repository": "https://charts.example.com", "version": "1.*", "atomic": True},
        {"repository": "https://charts.example.com", "atomic": True},
        {"chart": "oci://charts.example.com/airflow", "atomic": True},
        {"repository": "https://charts.example.com", "version": "1.21.0"},
    ],
)
def test_a_loose_helm_release_breaks_a_rule(prod: Stacks, release: dict[str, Any]) -> None:
    changed = {**prod, "airflow": {"resource": {"helm_release": {"airflow": release}}}}

    assert "AOA-R15" in broken(changed)


def test_a_role_on_one_secret_of_a_vault_is_narrow(prod: Stacks) -> None:
    changed = {**prod, "identity": deepcopy(prod["identity"])}
    grant = changed["identity"]["resource"]["azurerm_role_assignment"]["worker_writes_data"]
    grant["scope"] = "${data.terraform_remote_state.data_state.outputs.key_vault_id}/secrets/tls"

    assert broken(changed) == set()


@pytest.mark.parametrize(
    ("issuer", "subject", "rules_broken"),
    [
        ("https://token.example.com", "repo:contoso/dags:ref:refs/heads/main", set()),
        ("https://token.example.com", "repo:contoso/*", {"AOA-S09"}),
        (None, "repo:contoso/dags:ref:refs/heads/main", {"AOA-S09"}),
    ],
)
def test_a_team_s_pipeline_is_one_workload_and_what_runs_in_the_cluster_an_account(
    prod: Stacks, issuer: str | None, subject: str, rules_broken: set[str]
) -> None:
    changed = {**prod, "platform": deepcopy(prod["platform"])}
    credentials = changed["platform"]["resource"]["azurerm_federated_identity_credential"]
    a_credential = next(iter(credentials.values()))
    own = a_credential["issuer"]
    credentials["team"] = a_credential | {"issuer": issuer or own, "subject": subject}

    assert broken(changed) == rules_broken


def test_every_rule_is_seen_to_break() -> None:
    elsewhere = {"AOA-S10", "AOA-R15", "AOA-S13"}  # test_rendered.py has the last

    assert {change[0] for change in CHANGES} | elsewhere == {rule.id for rule in rules.RULES}


def test_no_two_rules_share_an_id() -> None:
    ids = [rule.id for rule in rules.RULES]

    assert len(ids) == len(set(ids))


def test_the_facts_about_providers_are_those_of_their_schemas(
    reference: Callable[[str], Path],
) -> None:
    schemas = [
        json.loads(reference(name).read_text())
        for name in ("azurerm-4.81.0-schema.json", "azuread-3.7.0-schema.json")
    ]

    assert json.loads(provider_facts.FILE.read_text()) == provider_facts.derive(schemas)


def chosen(resources: dict[str, Any], name: str | None) -> list[dict[str, Any]]:
    if name is None:
        return [next(iter(resources.values()))]
    if name.endswith("*"):
        return [one for key, one in resources.items() if key.startswith(name[:-1])]
    return [resources[name]]


def put(resource: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        inner = resource[parent]
        resource = inner[0] if isinstance(inner, list) else inner
    if value is None:
        resource.pop(last)
    else:
        resource[last] = value


def test_the_documentation_lists_every_rule() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "controls.md"
    written = [line for line in page.read_text().splitlines() if line.startswith("| AOA-")]

    assert written == [
        f"| {rule.id} | {rule.title} | {rule.control} | <{rule.page}> |" for rule in rules.RULES
    ]
