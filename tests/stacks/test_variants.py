"""What an environment file can choose, as the stacks show it."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from conventions.patience import QUEUED_SECONDS, WORKER_GRACE_SECONDS
from environments.model import Environment
from tests.environment_files import DEV, tables
from tests.synthesizing import synthesize_to

Synthesize = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any]], Path]:
    """Return the folder with the stacks of an environment; the same values are written once."""
    folders: dict[str, Path] = {}

    def folder(values: dict[str, Any]) -> Path:
        key = json.dumps(values, sort_keys=True, default=str)
        if key not in folders:
            made = tmp_path_factory.mktemp("stacks")
            synthesize_to(made, Environment.model_validate(values))
            folders[key] = made
        return folders[key]

    return folder


@pytest.fixture
def synthesize(
    dev_values: dict[str, Any], tmp_path: Path, written: Callable[[dict[str, Any]], Path]
) -> Synthesize:
    """Return the resources of all stacks of dev, by type, with some tables changed.

    The stacks are in `tmp_path` too, to read.
    """

    def resources(**changes: dict[str, Any]) -> dict[str, Any]:
        for table, values in changes.items():
            dev_values[table] = {**dev_values.get(table, {}), **values}
        (tmp_path / "stacks").unlink(missing_ok=True)
        (tmp_path / "stacks").symlink_to(written(dev_values) / "stacks")
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


@pytest.mark.parametrize(("addresses", "length"), [(1, 32), (2, 31), (16, 28)])
def test_the_gateway_has_as_many_addresses_as_the_file_says(
    synthesize: Synthesize, addresses: int, length: int
) -> None:
    found = synthesize(network={"nat_addresses": addresses})

    assert only(found, "azurerm_public_ip_prefix")["prefix_length"] == length


def test_firewall_egress_routes_everything_to_the_firewall(synthesize: Synthesize) -> None:
    resources = synthesize(network={"egress": "firewall", "firewall_private_ip": "10.0.1.4"})

    (route,) = only(resources, "azurerm_route_table")["route"]
    assert (route["address_prefix"], route["next_hop_in_ip_address"]) == ("0.0.0.0/0", "10.0.1.4")
    assert "azurerm_nat_gateway" not in resources


def test_behind_a_firewall_the_cluster_makes_no_way_out_of_its_own(synthesize: Synthesize) -> None:
    resources = synthesize(network={"egress": "firewall", "firewall_private_ip": "10.0.1.4"})

    profile = only(resources, "azurerm_kubernetes_cluster")["network_profile"]
    assert profile["outbound_type"] == "userDefinedRouting"


def test_the_nat_gateway_is_watched_for_connections_that_fail(synthesize: Synthesize) -> None:
    alert = synthesize()["azurerm_monitor_metric_alert"]["SnatPortsExhausted"]

    assert "outputs.nat_gateway_id" in alert["scopes"][0]
    (dimension,) = alert["criteria"][0]["dimension"]
    assert (dimension["name"], dimension["values"]) == ("ConnectionState", ["Failed"])


def test_the_nat_gateway_and_its_addresses_survive_the_loss_of_a_zone(
    synthesize: Synthesize,
) -> None:
    resources = synthesize()

    gateway, prefix = (only(resources, f"azurerm_{k}") for k in ("nat_gateway", "public_ip_prefix"))
    assert (gateway["sku_name"], gateway.get("zones")) == ("StandardV2", None)
    assert (prefix["sku"], prefix["zones"]) == ("StandardV2", ["1", "2", "3"])


def test_a_firewall_elsewhere_is_not_ours_to_watch(synthesize: Synthesize) -> None:
    resources = synthesize(network={"egress": "firewall", "firewall_private_ip": "10.0.1.4"})

    assert not [
        name
        for name in resources["azurerm_monitor_metric_alert"]
        if name in ("EgressDown", "SnatPortsExhausted")
    ]


def test_from_the_internet_only_the_port_of_tls_is_open(synthesize: Synthesize) -> None:
    groups = synthesize(ingress={"internal": False})["azurerm_network_security_group"]

    rules = [rule for group in groups.values() for rule in group["security_rule"]]
    public = [rule for rule in rules if rule["source_address_prefix"] == "Internet"]
    assert [rule["destination_port_range"] for rule in public] == ["443"]


def test_celery_switches_keda_on(synthesize: Synthesize) -> None:
    resources = synthesize(airflow={"executors": ["CeleryExecutor"]})

    profile = only(resources, "azurerm_kubernetes_cluster")["workload_autoscaler_profile"]
    assert profile["keda_enabled"] is True


@pytest.mark.parametrize(
    "executors", [["KubernetesExecutor"], ["KubernetesExecutor", "CeleryExecutor"]]
)
def test_celery_is_watched_where_it_is(synthesize: Synthesize, executors: list[str]) -> None:
    groups = synthesize(airflow={"executors": executors})[
        "azurerm_monitor_alert_prometheus_rule_group"
    ]

    alerts = {rule["alert"] for group in groups.values() for rule in group["rule"]}
    assert ("CeleryUnavailable" in alerts) is ("CeleryExecutor" in executors)


def test_without_celery_there_is_no_profile_that_is_read_back_as_none(
    synthesize: Synthesize,
) -> None:
    resources = synthesize(airflow={"executors": ["KubernetesExecutor"]})

    assert "workload_autoscaler_profile" not in only(resources, "azurerm_kubernetes_cluster")


def test_a_scratch_volume_switches_the_blob_driver_on(synthesize: Synthesize) -> None:
    resources = synthesize(airflow={"scratch_volume": True})

    profile = only(resources, "azurerm_kubernetes_cluster")["storage_profile"]
    assert profile["blob_driver_enabled"] is True


def test_a_hub_is_peered_with(synthesize: Synthesize, dev_values: dict[str, Any]) -> None:
    hub = dev_values["network"]["linked_networks"][0]["id"].replace("ci", "hub")

    resources = synthesize(network={"hub": {"virtual_network_id": hub}})

    assert only(resources, "azurerm_virtual_network_peering")["remote_virtual_network_id"] == hub


ZONES = (
    "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-dns"
    "/providers/Microsoft.Network/privateDnsZones"
)


def test_zones_given_by_id_are_not_made(synthesize: Synthesize) -> None:
    given = {
        "blob": f"{ZONES}/privatelink.blob.core.windows.net",
        "postgres": f"{ZONES}/airflow.private.postgres.database.azure.com",
        "aks": f"{ZONES}/private.westeurope.azmk8s.io",
    }

    zones = synthesize(network={"dns": given})["azurerm_private_dns_zone"]

    assert set(zones) == {"dfs_dns", "key_vault_dns", "registry_dns"}


def test_the_cluster_may_write_into_a_zone_given_by_id(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    zone = f"{ZONES}/platform.private.westeurope.azmk8s.io"

    synthesize(network={"dns": {"aks": zone}})

    network = json.loads((tmp_path / "stacks/network-dev/cdk.tf.json").read_text())
    assert network["output"]["aks_dns_zone_id"]["value"] == zone


NETWORKS = (
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-net"
    "/providers/Microsoft.Network"
)
GIVEN = {
    "virtual_network_id": f"{NETWORKS}/virtualNetworks/vnet-spoke",
    **{
        f"{name}_subnet_id": f"{NETWORKS}/virtualNetworks/vnet-spoke/subnets/{name}"
        for name in ("aks_nodes", "aks_api_server", "postgres", "private_endpoints")
    },
    "nat_gateway_id": f"{NETWORKS}/natGateways/ng-spoke",
}


def test_in_a_network_of_another_team_nothing_of_a_network_is_made(
    synthesize: Synthesize,
) -> None:
    resources = synthesize(network={"given": GIVEN})

    network = {kind for kind in resources if kind.startswith("azurerm_")} & {
        "azurerm_virtual_network",
        "azurerm_subnet",
        "azurerm_network_security_group",
        "azurerm_nat_gateway",
        "azurerm_route_table",
        "azurerm_network_watcher_flow_log",
    }
    assert network == set()


def test_zones_of_ours_are_linked_with_the_network_of_another_team(
    synthesize: Synthesize,
) -> None:
    links = synthesize(network={"given": GIVEN})["azurerm_private_dns_zone_virtual_network_link"]

    networks = {link["virtual_network_id"] for link in links.values() if link["name"] == "own"}
    assert networks == {GIVEN["virtual_network_id"]}


def test_a_network_of_another_team_keeps_the_contract(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    synthesize(network={"given": GIVEN})

    network = json.loads((tmp_path / "stacks/network-dev/cdk.tf.json").read_text())
    told = {name: output["value"] for name, output in network["output"].items()}
    assert GIVEN.items() <= told.items()


def test_no_stack_reads_what_a_network_of_another_team_does_not_tell(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    synthesize(network={"given": GIVEN})

    stacks = [file.read_text() for file in tmp_path.glob("stacks/*/cdk.tf.json")]
    assert not [text for text in stacks if "security_group_id" in text]


def test_the_nat_gateway_of_another_team_is_watched(synthesize: Synthesize) -> None:
    alert = synthesize(network={"given": GIVEN})["azurerm_monitor_metric_alert"]

    assert "outputs.nat_gateway_id" in alert["SnatPortsExhausted"]["scopes"][0]


REGISTRY = (
    "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-images"
    "/providers/Microsoft.ContainerRegistry/registries/crCompany"
)


def test_a_registry_of_another_team_is_neither_made_nor_given_a_name_here(
    synthesize: Synthesize, dev_values: dict[str, Any]
) -> None:
    dev_values["registry"] = {}

    resources = synthesize(registry={"given_id": REGISTRY})

    assert "azurerm_container_registry" not in resources
    assert "registry_dns" not in resources["azurerm_private_dns_zone"]
    assert "registry_endpoint" not in resources["azurerm_private_endpoint"]


def test_the_nodes_pull_from_the_registry_of_another_team_and_nobody_pushes(
    synthesize: Synthesize, dev_values: dict[str, Any], tmp_path: Path
) -> None:
    dev_values["registry"] = {}

    grants = synthesize(registry={"given_id": REGISTRY})["azurerm_role_assignment"]

    on_it = {name for name, one in grants.items() if one["scope"] == REGISTRY}
    assert on_it == {"nodes_pull"}
    platform = json.loads((tmp_path / "stacks/platform-dev/cdk.tf.json").read_text())
    assert platform["output"]["registry_login_server"]["value"] == "crcompany.azurecr.io"


WORKSPACE = {
    "id": "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-logs"
    "/providers/Microsoft.OperationalInsights/workspaces/log-company",
    "customer_id": "12121212-1212-4212-8212-121212121212",
    "location": "northeurope",
}
VAULT = (
    "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-keys"
    "/providers/Microsoft.KeyVault/vaults/kv-company"
)


def test_logs_go_to_the_workspace_of_another_team(
    synthesize: Synthesize,
) -> None:
    resources = synthesize(monitoring={"given_workspace": WORKSPACE})

    assert "azurerm_log_analytics_workspace" not in resources
    diagnosed = resources["azurerm_monitor_diagnostic_setting"]
    assert {one["log_analytics_workspace_id"] for one in diagnosed.values()} == {WORKSPACE["id"]}
    assert not [name for name in diagnosed if "log_analytics" in name]


def test_container_logs_are_collected_by_a_rule_in_the_region_of_their_workspace(
    synthesize: Synthesize,
) -> None:
    (rule,) = synthesize(monitoring={"given_workspace": WORKSPACE})[
        "azurerm_monitor_data_collection_rule"
    ].values()

    assert rule["location"] == "northeurope"
    (to,) = rule["destinations"]["log_analytics"]
    assert to["workspace_resource_id"] == WORKSPACE["id"]


def test_flow_logs_name_a_given_workspace_by_both_its_ids(
    synthesize: Synthesize,
) -> None:
    (flow,) = synthesize(monitoring={"given_workspace": WORKSPACE})[
        "azurerm_network_watcher_flow_log"
    ].values()

    assert flow["traffic_analytics"] == {
        "enabled": True,
        "interval_in_minutes": 60,
        "workspace_id": WORKSPACE["customer_id"],
        "workspace_region": "northeurope",
        "workspace_resource_id": WORKSPACE["id"],
    }


def test_a_vault_of_another_team_gets_our_secrets_and_keys_and_is_not_made(
    synthesize: Synthesize,
) -> None:
    resources = synthesize(key_vault={"given_id": VAULT})

    assert "key_vault" not in resources["azurerm_key_vault"]
    written = {**resources["azurerm_key_vault_secret"], **resources["azurerm_key_vault_key"]}
    assert {one["key_vault_id"] for one in written.values()} == {VAULT}
    assert "key_vault_endpoint" not in resources["azurerm_private_endpoint"]


def test_nothing_of_a_vault_of_another_team_is_changed(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    resources = synthesize(key_vault={"given_id": VAULT})

    assert VAULT not in str(resources.get("azurerm_management_lock"))
    assert "key_vault_diagnostics" not in resources["azurerm_monitor_diagnostic_setting"]
    roles = {
        one["role_definition_name"]
        for one in resources["azurerm_role_assignment"].values()
        if one["scope"] == VAULT
    }
    assert roles == {"Key Vault Crypto Service Encryption User"}
    data = json.loads((tmp_path / "stacks/data-dev/cdk.tf.json").read_text())
    assert data["output"]["key_vault_name"]["value"] == "kv-company"


ROLE_NAMES = {"admin": "D.Admins", "op": "D.Ops", "user": "D.Users", "viewer": "D.Readers"}


def test_app_roles_bear_the_names_that_the_file_gives(synthesize: Synthesize) -> None:
    application = only(synthesize(single_sign_on={"role_names": ROLE_NAMES}), "azuread_application")

    assert {role["value"] for role in application["app_role"]} == set(ROLE_NAMES.values())


def test_another_name_of_a_role_keeps_its_id(synthesize: Synthesize) -> None:
    ids = [
        {role["id"] for role in only(found, "azuread_application")["app_role"]}
        for found in (synthesize(), synthesize(single_sign_on={"role_names": ROLE_NAMES}))
    ]

    assert ids[0] == ids[1]


def test_the_api_server_is_told_the_names_of_the_roles(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    synthesize(single_sign_on={"role_names": ROLE_NAMES})

    airflow = (tmp_path / "stacks/airflow-dev/cdk.tf.json").read_text()
    assert "ENTRA_ROLES" in airflow
    assert "D.Readers" in airflow


def test_nothing_of_an_application_of_another_team_is_written(
    synthesize: Synthesize, dev_values: dict[str, Any], tmp_path: Path
) -> None:
    dev_values["single_sign_on"] = {"application_id": "12345678-1234-4234-8234-123456789012"}

    resources = synthesize()

    assert not [kind for kind in resources if kind.startswith("azuread_")]
    identity = json.loads((tmp_path / "stacks/identity-dev/cdk.tf.json").read_text())
    assert identity["output"]["sso_client_id"]["value"] == "12345678-1234-4234-8234-123456789012"
    assert "sso_application_id" not in identity["output"]


EDGE = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-edge"


def test_the_cluster_may_take_the_public_address_that_is_given(synthesize: Synthesize) -> None:
    given = f"{EDGE}/providers/Microsoft.Network/publicIPAddresses/pip-airflow"

    grants = synthesize(ingress={"internal": False, "public_ip_id": given})[
        "azurerm_role_assignment"
    ]

    on_it = {
        name: one["role_definition_name"] for name, one in grants.items() if one["scope"] == EDGE
    }
    assert on_it == {"cluster_on_public_ip": "Network Contributor"}


PROXY = {"url": "http://proxy.corp.example.com:3128", "address": "10.9.0.4"}
AUTHORITY = trustme.CA().cert_pem.bytes().decode()


def test_nodes_and_pods_go_out_by_the_company_s_proxy(synthesize: Synthesize) -> None:
    cluster = only(synthesize(network={"proxy": PROXY}), "azurerm_kubernetes_cluster")

    config = cluster["http_proxy_config"]
    assert config["http_proxy"] == config["https_proxy"] == PROXY["url"]
    assert "http_proxy_config[0].no_proxy" in cluster["lifecycle"]["ignore_changes"]


def test_what_is_private_is_reached_without_the_proxy(synthesize: Synthesize) -> None:
    further = {"proxy": {**PROXY, "exceptions": [".corp.example.com"]}}

    cluster = only(synthesize(network=further), "azurerm_kubernetes_cluster")

    assert set(cluster["http_proxy_config"]["no_proxy"]) > {
        cluster["network_profile"]["pod_cidr"],
        cluster["network_profile"]["service_cidr"],
        "airflow-api-server",
        ".blob.core.windows.net",
        ".vault.azure.net",
        ".corp.example.com",
    }


def test_nodes_trust_the_company_s_authorities(synthesize: Synthesize) -> None:
    further = {"certificate_authorities": [AUTHORITY]}

    cluster = only(synthesize(network=further), "azurerm_kubernetes_cluster")

    (given,) = cluster["custom_ca_trust_certificates_base64"]
    assert base64.b64decode(given).decode() == AUTHORITY.strip()


def test_where_a_policy_writes_the_records_endpoints_leave_them_alone(
    synthesize: Synthesize,
) -> None:
    resources = synthesize(network={"dns": {"policy_writes_records": True}})

    assert set(resources["azurerm_private_dns_zone"]) == {"aks_dns", "postgres_dns"}
    for endpoint in resources["azurerm_private_endpoint"].values():
        assert "private_dns_zone_group" not in endpoint
        assert endpoint["lifecycle"] == {"ignore_changes": ["private_dns_zone_group"]}


def test_where_a_policy_writes_the_records_no_stack_reads_a_zone_of_endpoints(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    synthesize(network={"dns": {"policy_writes_records": True}})

    stacks = [file.read_text() for file in tmp_path.glob("stacks/*/cdk.tf.json")]
    assert not [text for text in stacks if "blob_dns_zone_id" in text]


def test_the_network_asks_the_name_servers_that_are_given(synthesize: Synthesize) -> None:
    resources = synthesize(network={"dns": {"servers": ["10.0.0.4", "10.0.0.5"]}})

    assert only(resources, "azurerm_virtual_network")["dns_servers"] == ["10.0.0.4", "10.0.0.5"]


def test_postgres_takes_a_key_of_our_own(synthesize: Synthesize) -> None:
    resources = synthesize(postgres={"customer_managed_key": True})

    key = only(resources, "azurerm_postgresql_flexible_server")["customer_managed_key"]
    assert "azurerm_key_vault_key.postgres_encryption" in key["key_vault_key_id"]


def test_keys_expire_and_are_replaced_whatever_the_date_of_the_secrets(
    synthesize: Synthesize,
) -> None:
    resources = synthesize(key_vault={"expire_on": None})

    key = only(resources, "azurerm_key_vault_key")
    assert key["expiration_date"] == '${timeadd(plantimestamp(), "10200h")}'
    assert key["rotation_policy"]["automatic"] == {"time_before_expiry": "P60D"}


def test_copies_of_images_stand_in_the_order_in_which_azure_tells_them(
    synthesize: Synthesize,
) -> None:
    resources = synthesize(registry={"geo_replications": ["uksouth", "northeurope", "westus"]})

    copies = only(resources, "azurerm_container_registry")["georeplications"]
    assert [(copy["location"], copy["zone_redundancy_enabled"]) for copy in copies] == [
        ("northeurope", True),
        ("uksouth", True),
        ("westus", False),
    ]


def test_a_premium_cluster_has_long_term_support(synthesize: Synthesize) -> None:
    resources = synthesize(kubernetes={"sku_tier": "Premium"})

    assert only(resources, "azurerm_kubernetes_cluster")["support_plan"] == "AKSLongTermSupport"


def test_every_pool_bears_the_label_that_pods_ask_for(synthesize: Synthesize) -> None:
    pools = synthesize()["azurerm_kubernetes_cluster_node_pool"].values()

    assert all(pool["node_labels"]["airflow/pool"] == pool["name"] for pool in pools)


def test_new_signing_secrets_leave_the_fernet_key_alone(synthesize: Synthesize) -> None:
    secrets = synthesize(key_vault={"secrets_version": 2})["azurerm_key_vault_secret"].values()

    versions = {secret["name"]: secret["value_wo_version"] for secret in secrets}
    assert versions == {
        "airflow-fernet-key": 1,
        "airflow-jwt-secret": 2,
        "airflow-api-secret-key": 2,
    }


def test_celery_runs_with_long_term_support(synthesize: Synthesize) -> None:
    resources = synthesize(
        kubernetes={"sku_tier": "Premium"}, airflow={"executors": ["CeleryExecutor"]}
    )

    assert only(resources, "azurerm_kubernetes_cluster")["workload_autoscaler_profile"]


def test_metrics_and_grafana_can_lie_in_another_region(synthesize: Synthesize) -> None:
    resources = synthesize(monitoring={"grafana": True, "location": "northeurope"})

    kinds = "monitor_workspace", "dashboard_grafana", "monitor_alert_prometheus_rule_group"
    for kind in kinds:
        regions = {one["location"] for one in resources[f"azurerm_{kind}"].values()}
        assert regions == {"northeurope"}, kind
    assert only(resources, "azurerm_log_analytics_workspace")["location"] == "westeurope"


def test_grafana_brings_the_series_that_its_boards_draw(synthesize: Synthesize) -> None:
    resources = synthesize(monitoring={"grafana": True})

    groups = resources["azurerm_monitor_alert_prometheus_rule_group"].values()
    recorded = {rule.get("record") for group in groups for rule in group["rule"]}
    assert "namespace_workload_pod:kube_pod_owner:relabel" in recorded
    assert all(len(group["rule"]) <= 20 for group in groups)


def test_a_channel_that_moves_the_minor_version_moves_the_pools_too(
    synthesize: Synthesize,
) -> None:
    resources = synthesize(kubernetes={"upgrade_channel": "rapid"})

    pools = resources["azurerm_kubernetes_cluster_node_pool"].values()
    assert [pool.get("orchestrator_version") for pool in pools] == [None, None]


def test_spot_pools_bear_the_label_that_azure_gives_them(synthesize: Synthesize) -> None:
    pools = synthesize()["azurerm_kubernetes_cluster_node_pool"]

    assert pools["workers_pool"]["node_labels"] == {
        "airflow/pool": "workers",
        "airflow/role": "worker",
        "kubernetes.azure.com/scalesetpriority": "spot",
    }


def test_the_autoscaler_lets_a_worker_finish(synthesize: Synthesize) -> None:
    profile = only(synthesize(), "azurerm_kubernetes_cluster")["auto_scaler_profile"]

    assert profile["max_graceful_termination_sec"] == str(WORKER_GRACE_SECONDS)


def test_a_task_may_be_queued_for_as_long_as_two_pools_need_for_a_node(
    synthesize: Synthesize,
) -> None:
    profile = only(synthesize(), "azurerm_kubernetes_cluster")["auto_scaler_profile"]

    minutes = int(profile["max_node_provisioning_time"].removesuffix("m"))
    assert 2 * minutes * 60 <= QUEUED_SECONDS


def test_spot_pools_drain_for_half_an_hour_and_never_surge(synthesize: Synthesize) -> None:
    pools = synthesize()["azurerm_kubernetes_cluster_node_pool"]

    assert pools["workers_pool"]["upgrade_settings"] == {"drain_timeout_in_minutes": 30}


def test_a_certificate_of_key_vault_is_the_one_secret_that_its_identity_reads(
    synthesize: Synthesize,
) -> None:
    ingress = {"certificate": "key_vault", "key_vault_certificate": "airflow-tls"}

    grants = synthesize(ingress=ingress)["azurerm_role_assignment"]

    assert grants["certificate_reads_secrets"]["scope"].endswith("/secrets/airflow-tls")
    assert "certificate_on_dns_zone" not in grants


DEFENDER = {"defender": True, "alert_phone": "+49 30 5550100"}


def test_defender_scans_images_and_buys_the_plans_that_azure_still_sells(
    synthesize: Synthesize,
) -> None:
    plans = synthesize(monitoring=DEFENDER)["azurerm_security_center_subscription_pricing"]

    assert plans["defender_storageaccounts"]["subplan"] == "DefenderForStorageV2"
    extensions = [one["name"] for one in plans["defender_containers"]["extension"]]
    assert "ContainerRegistriesVulnerabilityAssessments" in extensions


def test_what_defender_finds_is_mailed_to_whom_alerts_are(synthesize: Synthesize) -> None:
    contact = only(synthesize(monitoring=DEFENDER), "azurerm_security_center_contact")

    assert (contact["name"], contact["email"]) == ("default", "data-platform@example.com")
    assert contact["alert_notifications"] is True


ON_CALL = (
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-on-call/providers"
    "/Microsoft.Insights/actionGroups/ag-on-call"
)


def test_an_alert_reaches_all_addresses_phones_and_webhooks(synthesize: Synthesize) -> None:
    receivers = {
        "alert_emails": ["a@example.com", "b@example.com"],
        "alert_sms": ["+49 1705550100"],
        "alert_webhooks": ["https://hooks.example.com/azure"],
    }

    group = only(synthesize(monitoring=receivers), "azurerm_monitor_action_group")

    assert [one["email_address"] for one in group["email_receiver"]] == receivers["alert_emails"]
    (sms,) = group["sms_receiver"]
    assert (sms["country_code"], sms["phone_number"]) == ("49", "1705550100")
    (webhook,) = group["webhook_receiver"]
    assert (webhook["service_uri"], webhook["use_common_alert_schema"]) == (
        "https://hooks.example.com/azure",
        True,
    )


def test_every_alert_reaches_the_on_call_group_too(synthesize: Synthesize) -> None:
    found = synthesize(monitoring={"alert_action_groups": [ON_CALL]})

    groups = found["azurerm_monitor_alert_prometheus_rule_group"].values()
    rules = [rule for group in groups for rule in group["rule"] if "alert" in rule]
    reached = [[one["action_group_id"] for one in rule["action"]] for rule in rules]
    for kind in ("azurerm_monitor_metric_alert", "azurerm_monitor_activity_log_alert"):
        reached += [[one["action_group_id"] for one in a["action"]] for a in found[kind].values()]
    backups = only(found, "azurerm_monitor_alert_processing_rule_action_group")
    assert {tuple(groups[1:]) for groups in [*reached, backups["add_action_group_ids"]]} == {
        (ON_CALL,)
    }


def test_an_alert_links_to_the_published_page(synthesize: Synthesize) -> None:
    published = "https://docs.example.com/airflow/"

    alerts = synthesize(monitoring={"runbooks": published})["azurerm_monitor_metric_alert"]

    assert alerts["DatabaseDown"]["description"].endswith(
        " https://docs.example.com/airflow/how-to/operate/alerts/database-down.html"
    )


def test_no_plan_asks_the_data_plane_of_a_storage_account(stacks: dict[str, Any]) -> None:
    features = [stack["provider"]["azurerm"][0]["features"][0] for stack in stacks.values()]

    assert all(one["storage"] == [{"data_plane_available": False}] for one in features)


def test_the_backup_extension_is_told_its_tenant(stacks: dict[str, Any]) -> None:
    extension = only(stacks["platform-prod"]["resource"], "azurerm_kubernetes_cluster_extension")

    tenant = extension["configuration_settings"]["credentials.tenantId"]
    assert tenant == "22222222-2222-4222-8222-222222222222"


def policies(resources: dict[str, Any], effect: str) -> dict[str, dict[str, Any]]:
    """Return the parameters of the assignments of an effect, by the assignment's name."""
    found = {
        one["name"]: {key: value["value"] for key, value in json.loads(one["parameters"]).items()}
        for one in resources["azurerm_resource_group_policy_assignment"].values()
    }
    return {name: values for name, values in found.items() if values["effect"] == effect}


def test_azure_policy_denies_in_our_namespaces_only(synthesize: Synthesize) -> None:
    denied = policies(synthesize(), "Deny")
    ours = {"airflow", "airflow-migrations", "airflow-tasks", "cert-manager", "ingress-nginx"}

    assert set(denied["no-privileged-pods"]["namespaces"]) == ours
    images = [values for name, values in denied.items() if name.startswith("images-")]
    assert {name for values in images for name in values["namespaces"]} == ours


def test_a_public_load_balancer_is_denied_where_the_ingress_is_internal(
    synthesize: Synthesize,
) -> None:
    denied = policies(synthesize(ingress={"internal": True}), "Deny")

    assert "kube-system" in denied["internal-load-balancers"]["excludedNamespaces"]


def test_a_public_ingress_has_its_load_balancer(synthesize: Synthesize) -> None:
    denied = policies(synthesize(ingress={"internal": False}), "Deny")

    assert "internal-load-balancers" not in denied


def test_etcd_has_no_key_of_ours_unless_one_is_wanted(synthesize: Synthesize) -> None:
    resources = synthesize()

    assert "key_management_service" not in only(resources, "azurerm_kubernetes_cluster")


def test_secrets_in_etcd_are_encrypted_with_a_version_of_a_key_that_never_ends(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    resources = synthesize(kubernetes={"etcd_key": True})

    data = json.loads((tmp_path / "stacks/data-dev/cdk.tf.json").read_text())
    assert {"etcd_key_id", "etcd_vault_id"} <= set(data["output"])
    service = only(resources, "azurerm_kubernetes_cluster")["key_management_service"]
    assert service["key_vault_network_access"] == "Private"
    assert "outputs.etcd_key_id" in service["key_vault_key_id"]
    key = resources["azurerm_key_vault_key"]["etcd_key"]
    assert not {"expiration_date", "rotation_policy"} & set(key)


def test_the_cluster_s_rights_on_its_key_end_at_a_vault_of_its_own(
    synthesize: Synthesize,
) -> None:
    resources = synthesize(kubernetes={"etcd_key": True})

    grants = resources["azurerm_role_assignment"]
    for name, role in (
        ("cluster_uses_etcd_key", "Key Vault Crypto User"),
        ("cluster_reaches_etcd_key", "Key Vault Contributor"),
    ):
        assert grants[name]["role_definition_name"] == role
        assert "outputs.etcd_vault_id" in grants[name]["scope"]
    vaults = resources["azurerm_key_vault"]
    assert vaults["etcd_vault"]["name"] != vaults["key_vault"]["name"]


def test_each_component_may_read_the_secrets_of_its_environment_and_no_other(
    synthesize: Synthesize,
) -> None:
    resources = synthesize(airflow={"env_from_key_vault": {"DBT_TOKEN": "dbt-Token"}})

    grants = {
        name: found
        for name, found in resources["azurerm_role_assignment"].items()
        if "reads_env" in name
    }
    assert sorted(grants) == [
        f"{component}_reads_env_dbt_token"
        for component in ("api_server", "dag_processor", "scheduler", "triggerer")
    ]
    for found in grants.values():
        assert found["role_definition_name"] == "Key Vault Secrets User"
        assert found["scope"].endswith("/secrets/dbt-Token")


def test_nodes_without_a_local_disk_have_one_of_azure_s(synthesize: Synthesize) -> None:
    pool = {"vm_size": "Standard_E8s_v5", "max_nodes": 3}

    resources = synthesize(kubernetes=tables(DEV)["kubernetes"] | {"node_pools": {"core": pool}})

    made = only(resources, "azurerm_kubernetes_cluster_node_pool")
    assert (made["os_disk_type"], made["os_disk_size_gb"]) == ("Managed", 64)


def test_every_resource_has_the_company_s_tags(synthesize: Synthesize) -> None:
    tags = tables(DEV)["tags"] | {"more": {"business-unit": "north"}}

    resources = synthesize(tags=tags)

    tagged = [
        found["tags"]
        for kind, blocks in resources.items()
        if kind.startswith("azurerm")
        for found in blocks.values()
        if "tags" in found
    ]
    assert len(tagged) > 30
    assert {found.get("business-unit") for found in tagged} == {"north"}


NOT_FOR_DNS = ["Cost Owner", "finops:owner", "2nd-owner", "Größe", "a(b)"]


@pytest.mark.parametrize("name", NOT_FOR_DNS)
def test_dns_zones_have_no_tag_that_azure_would_drop_without_a_word(
    synthesize: Synthesize, name: str
) -> None:
    more = dict.fromkeys([*NOT_FOR_DNS, "business-unit"], "north")

    resources = synthesize(tags=tables(DEV)["tags"] | {"more": more})

    group = only(resources, "azurerm_virtual_network")
    zones = resources["azurerm_private_dns_zone"].values()
    links = resources["azurerm_private_dns_zone_virtual_network_link"].values()
    assert group["tags"][name] == "north"
    assert {(name in one["tags"], "business-unit" in one["tags"]) for one in [*zones, *links]} == {
        (False, True)
    }


def test_what_bears_15_tags_at_most_has_the_first(synthesize: Synthesize) -> None:
    more = {f"further-{number}": "x" for number in range(44)}

    resources = synthesize(tags=tables(DEV)["tags"] | {"more": more})

    groups = resources["azurerm_resource_group"].values()
    few = [
        *resources["azurerm_key_vault_secret"].values(),
        *resources["azurerm_private_dns_zone"].values(),
    ]
    assert {len(group["tags"]) for group in groups} == {50}
    assert {len(one["tags"]) for one in few} == {15}
    assert all("owner" in one["tags"] for one in few)


def test_a_plan_leaves_the_tags_of_a_policy_alone(synthesize: Synthesize) -> None:
    resources = synthesize(tags=tables(DEV)["tags"] | {"ignored": ["CreatedBy"]})

    for kind, blocks in resources.items():
        for name, found in blocks.items():
            if kind.startswith("azurerm") and "tags" in found:
                assert 'tags["CreatedBy"]' in found["lifecycle"]["ignore_changes"], name
    (cluster,) = resources["azurerm_kubernetes_cluster"].values()
    ignored = cluster["lifecycle"]["ignore_changes"]
    assert 'default_node_pool[0].tags["CreatedBy"]' in ignored
    assert "default_node_pool[0].node_count" in ignored


def test_the_server_allows_the_company_s_extensions_beside_ours(synthesize: Synthesize) -> None:
    postgres = tables(DEV)["postgres"] | {"extensions": ["postgis", "pgcrypto"]}

    resources = synthesize(postgres=postgres)

    parameters = resources["azurerm_postgresql_flexible_server_configuration"]
    (allowed,) = [p["value"] for p in parameters.values() if p["name"] == "azure.extensions"]
    assert allowed == "BTREE_GIN,BTREE_GIST,PG_STAT_STATEMENTS,PG_TRGM,PGCRYPTO,POSTGIS"


def test_the_server_loads_what_an_extension_wants_beside_azure_s_own(
    synthesize: Synthesize,
) -> None:
    postgres = tables(DEV)["postgres"] | {"extensions": ["timescaledb", "postgis", "pgaudit"]}

    resources = synthesize(postgres=postgres)

    parameters = resources["azurerm_postgresql_flexible_server_configuration"].values()
    (loaded,) = [p["value"] for p in parameters if p["name"] == "shared_preload_libraries"]
    assert loaded == "pg_cron,pg_stat_statements,pgaudit,timescaledb"


@pytest.mark.parametrize(
    ("provider", "kind", "zone", "name"),
    [
        ("privateDnsZones", "azurerm_private_dns_a_record", "example.com", "airflow.dev"),
        ("privateDnsZones", "azurerm_private_dns_a_record", "airflow.dev.example.com", "@"),
        ("dnsZones", "azurerm_dns_a_record", "dev.example.com", "airflow"),
    ],
)
def test_the_host_has_a_record_in_the_zone_that_the_file_names(
    synthesize: Synthesize, provider: str, kind: str, zone: str, name: str
) -> None:
    group = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-dns"
    zone_id = f"{group}/providers/Microsoft.Network/{provider}/{zone}"
    ingress = {"address": "10.40.15.254", "record_zone_id": zone_id}

    record = only(synthesize(ingress=tables(DEV)["ingress"] | ingress), kind)

    assert (record["name"], record["zone_name"], record["records"]) == (
        name,
        zone,
        ["10.40.15.254"],
    )
    assert record["resource_group_name"] == "rg-dns"


def test_no_alert_mails_while_an_environment_hibernates(synthesize: Synthesize) -> None:
    hours = {"time_zone": "Europe/Berlin", "start_hour": 7, "stop_hour": 19}

    rule = only(synthesize(hibernation=hours), "azurerm_monitor_alert_processing_rule_suppression")

    (schedule,) = rule["schedule"] if isinstance(rule["schedule"], list) else [rule["schedule"]]
    nights = {
        (part["days_of_week"][0], part["start_time"], part["end_time"])
        for part in schedule["recurrence"]["weekly"]
    }
    assert schedule["time_zone"] == "W. Europe Standard Time"
    assert nights == {
        ("Monday", "00:00:00", "08:00:00"),
        ("Monday", "19:00:00", "23:59:59"),
        ("Sunday", "00:00:00", "23:59:59"),
    }
    assert len(rule["scopes"]) == 2


POLICY = "azurerm_data_protection_backup_policy_kubernetes_cluster"


def test_a_cluster_is_upgraded_and_backed_up_while_it_runs(synthesize: Synthesize) -> None:
    resources = synthesize(hibernation={"time_zone": "Asia/Kolkata", "start_hour": 7})

    cluster = only(resources, "azurerm_kubernetes_cluster")
    policy = only(resources, POLICY)
    for window in ("maintenance_window_auto_upgrade", "maintenance_window_node_os"):
        assert cluster[window]["day_of_week"] == "Monday"
        assert cluster[window]["start_time"] == "02:15"
    assert policy["backup_repeating_time_intervals"] == ["R/2026-01-01T02:15:00+00:00/P1D"]


def test_other_days_of_hibernation_keep_the_backups(synthesize: Synthesize) -> None:
    policies = [
        only(synthesize(hibernation={"days": days}), POLICY)
        for days in (["Monday", "Friday"], ["Friday", "Monday"], ["Sunday"])
    ]

    (times, *others) = [policy["backup_repeating_time_intervals"] for policy in policies]
    assert others == [times, times]


def test_a_window_that_somebody_chose_stays(synthesize: Synthesize) -> None:
    kubernetes = tables(DEV)["kubernetes"] | {"maintenance": {"day": "Friday", "start_hour": 4}}

    cluster = only(synthesize(hibernation={}, kubernetes=kubernetes), "azurerm_kubernetes_cluster")

    window = cluster["maintenance_window_auto_upgrade"]
    assert (window["day_of_week"], window["start_time"]) == ("Friday", "04:00")


def test_an_environment_without_hours_always_mails(synthesize: Synthesize) -> None:
    assert "azurerm_monitor_alert_processing_rule_suppression" not in synthesize()
