"""The values that Azure alone knows, as outputs of a stack give them to the next one."""

import re
from pathlib import Path
from typing import Any

import pytest

from packages.standin_providers.tests.azure import GROUP_ID, SUBSCRIPTION, Azure
from packages.standin_providers.tests.conftest import GROUP, Deploy

PLACE = {"resource_group_name": "rg-test", "location": "westeurope"}
TENANT = "22222222-2222-4222-8222-222222222222"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

ACCOUNT = {"name": "sttest", "account_tier": "Standard", "account_replication_type": "LRS"}
VAULT = {"name": "kv-test", "sku_name": "standard", "tenant_id": TENANT}
SERVER = {"name": "psql-test", "sku_name": "B_Standard_B1ms", "version": "17"}

ANSWERS = [
    ("azurerm_key_vault", VAULT, "vault_uri", "https://kv-test.vault.azure.net/"),
    (
        "azurerm_container_registry",
        {"name": "crtest", "sku": "Premium"},
        "login_server",
        "crtest.azurecr.io",
    ),
    ("azurerm_storage_account", ACCOUNT, "primary_dfs_host", "sttest.dfs.core.windows.net"),
    (
        "azurerm_storage_account",
        ACCOUNT,
        "primary_blob_endpoint",
        "https://sttest.blob.core.windows.net/",
    ),
    ("azurerm_postgresql_flexible_server", SERVER, "fqdn", "psql-test.postgres.database.azure.com"),
    ("azurerm_user_assigned_identity", {"name": "id-test"}, "principal_id", UUID),
    (
        "azurerm_user_assigned_identity",
        {"name": "id-test"},
        "id",
        f"{GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-test",
    ),
    (
        "azurerm_monitor_workspace",
        {"name": "amw-test"},
        "query_endpoint",
        r"https://amw-test-\w+\.westeurope\.prometheus\.monitor\.azure\.com",
    ),
    (
        "azurerm_public_ip",
        {"name": "pip-test", "allocation_method": "Static"},
        "ip_address",
        r"20\.\d+\.\d+\.\d+",
    ),
]


@pytest.mark.parametrize(
    ("type_", "arguments", "attribute", "expected"),
    ANSWERS,
    ids=[f"{a[0]}.{a[2]}" for a in ANSWERS],
)
def test_azure_answers(
    tmp_path: Path, type_: str, arguments: dict[str, Any], attribute: str, expected: str
) -> None:
    values = Azure(tmp_path).create(type_, **(PLACE | arguments))

    assert re.fullmatch(expected, values[attribute])


CLUSTER_ANSWERS = {
    "oidc_issuer_url": rf"https://westeurope\.oic\.prod-aks\.azure\.com/{UUID}/{UUID}/",
    "node_resource_group": "MC_rg-test_aks-test_westeurope",
    "kubelet_identity[0].object_id": UUID,
    "identity[0].principal_id": UUID,
    "private_fqdn": r"test-\w+\.private\.westeurope\.azmk8s\.io",
}


def test_a_cluster_tells_what_its_consumers_need(stack: Deploy, cluster: dict[str, Any]) -> None:
    outputs = {
        f"told_{number}": {"value": f"${{azurerm_kubernetes_cluster.aks.{path}}}"}
        for number, path in enumerate(CLUSTER_ANSWERS)
    }
    workspace = stack(
        resource=GROUP | {"azurerm_kubernetes_cluster": {"aks": cluster}}, output=outputs
    )

    workspace.apply()

    told = workspace.outputs()
    found = {path: told[f"told_{number}"] for number, path in enumerate(CLUSTER_ANSWERS)}
    assert {p for p, v in found.items() if not re.fullmatch(CLUSTER_ANSWERS[p], v)} == set()


def test_the_same_resource_gets_the_same_answers(tmp_path: Path) -> None:
    identity = {**PLACE, "name": "id-test"}

    first = Azure(tmp_path / "one").create("azurerm_user_assigned_identity", **identity)
    second = Azure(tmp_path / "other").create("azurerm_user_assigned_identity", **identity)

    assert first == second


def test_an_endpoints_address_is_one_of_its_subnet(tmp_path: Path) -> None:
    azure = Azure(tmp_path)
    place = {"resource_group_name": "rg-test", "virtual_network_name": "vnet-test"}
    prefix = {"address_prefixes": ["10.0.1.0/24"]}
    subnet = azure.create("azurerm_subnet", **place, name="snet-test", **prefix)

    endpoint = azure.create(
        "azurerm_private_endpoint",
        **PLACE,
        name="pep-test",
        subnet_id=subnet["id"],
        private_service_connection=[{"name": "vault"}],
    )

    address = endpoint["private_service_connection"][0]["private_ip_address"]
    assert re.fullmatch(r"10\.0\.1\.\d+", address)


def test_a_service_principal_knows_the_roles_of_its_application(stack: Deploy) -> None:
    role = {
        "allowed_member_types": ["User"],
        "description": "Runs everything",
        "display_name": "Admin",
        "id": "44444444-4444-4444-8444-444444444444",
        "value": "Admin",
    }
    workspace = stack(
        resource={
            "azuread_application": {"it": {"display_name": "airflow", "app_role": [role]}},
            "azuread_service_principal": {
                "it": {"client_id": "${azuread_application.it.client_id}"}
            },
        },
        output={"told": {"value": '${azuread_service_principal.it.app_role_ids["Admin"]}'}},
    )

    workspace.apply()

    assert workspace.outputs() == {"told": role["id"]}


def test_a_data_source_finds_what_a_stack_has_made(stack: Deploy, network: dict[str, Any]) -> None:
    found = {"name": "vnet-test", "resource_group_name": "rg-test"}
    depends = {"depends_on": ["azurerm_virtual_network.network"]}
    workspace = stack(
        resource=network,
        data={"azurerm_virtual_network": {"found": found | depends}},
        output={"told": {"value": "${data.azurerm_virtual_network.found.address_space}"}},
    )

    workspace.apply()

    assert workspace.outputs() == {"told": ["10.0.0.0/16"]}


def test_a_data_source_does_not_find_what_a_stacks_group_does_not_hold(stack: Deploy) -> None:
    workspace = stack(resource=GROUP)
    workspace.apply()
    missing = {"name": "vnet-misspelt", "resource_group_name": "rg-test"}
    workspace.environment.clear()

    workspace = stack(resource=GROUP, data={"azurerm_virtual_network": {"found": missing}})

    assert "virtualNetworks/vnet-misspelt was not found" in workspace.refused("plan")


def test_what_stands_outside_of_the_stacks_is_assumed_and_written_down(stack: Deploy) -> None:
    workspace = stack(
        data={"azuread_group": {"people": {"display_name": "airflow-users"}}},
        output={"told": {"value": "${data.azuread_group.people.object_id}"}},
    )

    workspace.apply()

    assert re.fullmatch(UUID, workspace.outputs()["told"])
    assert len(list((workspace.cloud / ".assumed" / "azuread_group").glob("*.json"))) == 1


def test_the_caller_has_a_tenant_and_a_subscription(stack: Deploy) -> None:
    told = "${data.azurerm_client_config.caller.subscription_id}"
    workspace = stack(
        data={"azurerm_client_config": {"caller": {}}}, output={"told": {"value": told}}
    )

    workspace.apply()

    assert workspace.outputs() == {"told": SUBSCRIPTION}


def test_an_ephemeral_password_reaches_neither_plan_nor_state(stack: Deploy) -> None:
    server = (
        PLACE
        | SERVER
        | {
            "administrator_login": "airflow",
            "administrator_password_wo": "${ephemeral.random_password.admin.result}",
            "administrator_password_wo_version": 1,
        }
    )
    workspace = stack(
        resource=GROUP | {"azurerm_postgresql_flexible_server": {"it": server}},
        ephemeral={"random_password": {"admin": {"length": 24}}},
    )
    workspace.apply()

    (file,) = workspace.existing("azurerm_postgresql_flexible_server")

    assert workspace.planned() == {}
    assert '"administrator_password_wo": null' in file.read_text()


def test_a_write_only_argument_of_any_provider_reaches_neither_state_nor_cloud(
    stack: Deploy,
) -> None:
    secret = "as-secret-as-it-gets"
    vault_id = "${azurerm_key_vault.it.id}"
    written = {"name": "key", "key_vault_id": vault_id, "value_wo": secret, "value_wo_version": 1}
    metadata = [{"name": "key"}]
    release = {"name": "a", "chart": "a", "set_wo_revision": 1}
    workspace = stack(
        resource=GROUP
        | {
            "azurerm_key_vault": {"it": PLACE | VAULT},
            "azurerm_key_vault_secret": {"it": written},
            "kubernetes_secret_v1": {
                "it": {"metadata": metadata, "data_wo": {"a": secret}, "data_wo_revision": 1}
            },
            "helm_release": {"it": release | {"set_wo": [{"name": "a", "value": secret}]}},
        }
    )

    workspace.apply()

    files = [workspace.folder / "terraform.tfstate", *workspace.cloud.rglob("*.json")]
    assert len(files) == 6
    assert [file.name for file in files if secret in file.read_text()] == []


def test_an_ephemeral_password_that_is_too_short_is_refused(stack: Deploy) -> None:
    workspace = stack(
        resource=GROUP, ephemeral={"random_password": {"admin": {"length": 2, "min_upper": 4}}}
    )

    assert "Attribute length value must be at least" in workspace.refused("plan")


def test_an_ephemeral_secret_of_a_known_vault_must_be_there(stack: Deploy) -> None:
    workspace = stack(
        resource=GROUP | {"azurerm_key_vault": {"it": PLACE | VAULT}},
        ephemeral={
            "azurerm_key_vault_secret": {
                "key": {"name": "fernet", "key_vault_id": "${azurerm_key_vault.it.id}"}
            }
        },
    )

    assert '"fernet" was not found in Key Vault' in workspace.refused("apply", "-auto-approve")


def test_a_helm_release_is_deployed_and_stays(stack: Deploy) -> None:
    release = {
        "name": "airflow",
        "chart": "airflow",
        "repository": "https://airflow.apache.org",
        "version": "1.21.0",
        "namespace": "airflow",
        "values": ["executor: KubernetesExecutor\n"],
    }
    workspace = stack(resource={"helm_release": {"airflow": release}})

    workspace.apply()

    assert workspace.planned() == {}


def test_a_helm_release_of_a_name_that_is_in_use_is_refused(stack: Deploy) -> None:
    release = {"name": "airflow", "chart": "airflow", "namespace": "airflow"}
    workspace = stack(resource={"helm_release": {"airflow": release}})
    workspace.apply()
    again = {"airflow": release, "again": release | {"version": "1.22.0"}}
    workspace.write(resource={"helm_release": again})

    said = workspace.refused("apply", "-auto-approve")

    assert "cannot re-use a name that is still in use" in said


def test_a_namespace_is_replaced_when_its_name_changes(stack: Deploy) -> None:
    namespace = {"metadata": [{"name": "airflow", "labels": {"team": "data"}}]}
    workspace = stack(resource={"kubernetes_namespace_v1": {"airflow": namespace}})
    workspace.apply()
    namespace["metadata"][0]["name"] = "flows"
    workspace.write(resource={"kubernetes_namespace_v1": {"airflow": namespace}})

    assert workspace.planned() == {"kubernetes_namespace_v1.airflow": ["delete", "create"]}


def test_a_manifest_of_any_shape_is_applied_and_stays(stack: Deploy) -> None:
    manifest = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": "letsencrypt"},
        "spec": {"acme": {"solvers": [{"http01": {}}], "preferred": True, "retries": 3}},
    }
    workspace = stack(resource={"kubernetes_manifest": {"issuer": {"manifest": manifest}}})

    workspace.apply()

    assert workspace.planned() == {}
