"""What the real Terraform says to a stack that a provider would not take."""

from pathlib import Path
from typing import Any

import pytest
from standin_providers import in_process
from standin_providers.wheel import MissingBindingError

from packages.standin_providers.tests.conftest import GROUP, Deploy, new_workspace

PLACE = {"resource_group_name": "rg-test", "location": "westeurope"}
TENANT = "22222222-2222-4222-8222-222222222222"
VAULT = {**PLACE, "name": "kv-test", "sku_name": "standard", "tenant_id": TENANT}
SERVER = {**PLACE, "name": "psql-test", "sku_name": "GP_Standard_D2ds_v5", "version": "17"}
RELEASE = {"name": "airflow", "chart": "airflow", "namespace": "airflow"}
IDENTITY = {**PLACE, "name": "id-test"}
ACCOUNT = {
    **PLACE,
    "name": "sttest",
    "account_tier": "Standard",
    "account_replication_type": "ZRS",
}
SETTING = {
    "name": "to-log-analytics",
    "target_resource_id": "/subscriptions/x/resourceGroups/y/providers/Microsoft.KeyVault/vaults/z",
    "log_analytics_workspace_id": (
        "/subscriptions/x/resourceGroups/y/providers/Microsoft.OperationalInsights/workspaces/z"
    ),
}

REFUSED = {
    "a wrong attribute": (
        "azurerm_key_vault",
        VAULT | {"purge_protection": True},
        'Extraneous JSON object property: No argument or block type is named "purge_protection".',
    ),
    "a missing required argument": (
        "azurerm_key_vault",
        {name: value for name, value in VAULT.items() if name != "tenant_id"},
        'Missing required argument: The argument "tenant_id" is required, but no definition was',
    ),
    "more tags than a secret bears": (
        "azurerm_key_vault_secret",
        {
            "name": "a",
            "key_vault_id": SETTING["target_resource_id"],
            "value": "b",
            "tags": {f"tag-{number}": "x" for number in range(16)},
        },
        "a maximum of 15 tags can be applied to this ARM resource",
    ),
    "a wrong type": (
        "azurerm_key_vault",
        VAULT | {"soft_delete_retention_days": "a week"},
        'Incorrect attribute value type: Inappropriate value for attribute "soft_delete_retention',
    ),
    "a computed attribute that is set": (
        "azurerm_key_vault",
        VAULT | {"vault_uri": "https://kv-test.vault.azure.net/"},
        'Value for unconfigurable attribute: Can\'t configure a value for "vault_uri": its value '
        "will be decided automatically based on the result of applying this configuration.",
    ),
    "a computed attribute set in a block": (
        "azurerm_postgresql_flexible_server",
        SERVER | {"identity": {"type": "SystemAssigned", "principal_id": "x"}},
        'Value for unconfigurable attribute: Can\'t configure a value for "principal_id"',
    ),
    "a value outside of the allowed ones": (
        "azurerm_key_vault",
        VAULT | {"sku_name": "basic"},
        'expected sku_name to be one of ["standard" "premium"], got basic',
    ),
    "a value outside of the allowed ones in a block": (
        "azurerm_storage_account",
        ACCOUNT | {"network_rules": {"default_action": "Maybe"}},
        'expected network_rules.0.default_action to be one of ["Allow" "Deny"], got Maybe',
    ),
    "an element outside of the allowed ones": (
        "azurerm_storage_account",
        ACCOUNT | {"network_rules": {"default_action": "Deny", "bypass": ["Everything"]}},
        'expected network_rules.0.bypass to be one of ["AzureServices" "Logging" "Metrics" "None"]',
    ),
    "a number outside of its range": (
        "azurerm_key_vault",
        VAULT | {"soft_delete_retention_days": 5},
        "expected soft_delete_retention_days to be in the range (7 - 90), got 5",
    ),
    "a name that is too long": (
        "helm_release",
        RELEASE | {"name": "a" * 54},
        "expected length of name to be in the range (1 - 53), got " + "a" * 54,
    ),
    "a wrong type of a value that is set": (
        "helm_release",
        RELEASE | {"set": [{"name": "a", "value": "1", "type": "number"}]},
        'expected set.0.type to be one of ["auto" "string" "literal"], got number',
    ),
    "a wrong type of a value that is set and not kept": (
        "helm_release",
        RELEASE | {"set_wo": [{"name": "a", "value": "1", "type": "literal"}]},
        'expected set_wo.0.type to be one of ["auto" "string"], got literal',
    ),
    "two arguments in conflict": (
        "azurerm_postgresql_flexible_server",
        SERVER
        | {
            "administrator_password": "a",
            "administrator_password_wo": "b",
            "administrator_password_wo_version": 1,
        },
        'Conflicting configuration arguments: "administrator_password": conflicts with '
        "administrator_password_wo",
    ),
    "an argument without the one that it requires": (
        "azurerm_postgresql_flexible_server",
        SERVER | {"administrator_password_wo_version": 1},
        'Missing required argument: "administrator_password_wo_version": all of '
        "`administrator_password_wo,administrator_password_wo_version` must be specified",
    ),
    "none of the arguments of which one must be": (
        "azurerm_kubernetes_cluster",
        {
            **PLACE,
            "name": "aks-test",
            "identity": {"type": "SystemAssigned"},
            "default_node_pool": {"name": "system", "vm_size": "Standard_D4ds_v5"},
        },
        'Invalid combination of arguments: "dns_prefix": one of '
        "`dns_prefix,dns_prefix_private_cluster` must be specified",
    ),
    "both of the arguments of which one may be": (
        "azurerm_kubernetes_cluster",
        {
            **PLACE,
            "name": "aks-test",
            "dns_prefix": "a",
            "dns_prefix_private_cluster": "b",
            "identity": {"type": "SystemAssigned"},
            "default_node_pool": {"name": "system", "vm_size": "Standard_D4ds_v5"},
        },
        'Invalid combination of arguments: "dns_prefix": only one of '
        "`dns_prefix,dns_prefix_private_cluster` can be specified, but "
        "`dns_prefix,dns_prefix_private_cluster` were specified.",
    ),
    "none of the arguments of which some must be": (
        "azurerm_monitor_diagnostic_setting",
        SETTING,
        'Missing required argument: "enabled_log": one of `enabled_log,enabled_metric,metric` '
        "must be specified",
    ),
    "more blocks than there may be": (
        "azurerm_storage_account",
        ACCOUNT | {"sas_policy": [{"expiration_period": "1.00:00:00"}] * 2},
        'Too many sas_policy blocks: No more than 1 "sas_policy" blocks are allowed',
    ),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory, terraform: Path) -> dict[str, str]:
    """What Terraform says to each of the configurations, in one stack."""
    resources: dict[str, dict[str, Any]] = {}
    for name, (type_, arguments, _) in REFUSED.items():
        resources.setdefault(type_, {})[name.replace(" ", "_")] = arguments
    workspace = new_workspace(tmp_path_factory.mktemp("refused"), terraform)
    workspace.write(resource=resources)
    with in_process([workspace.stack], workspace.cloud) as variables:
        workspace.environment |= variables
        workspace.run("init")
        told = workspace.invalid_resources()
    return {name: "\n".join(told.get(name.replace(" ", "_"), [])) for name in REFUSED}


@pytest.mark.parametrize("name", REFUSED)
def test_terraform_refuses(said: dict[str, str], name: str) -> None:
    message = REFUSED[name][2]

    assert message in said[name]


def test_terraform_refuses_a_type_that_the_provider_does_not_have(stack: Deploy) -> None:
    workspace = stack(resource={"azurerm_airflow": {"it": IDENTITY}})

    (said,) = workspace.invalid()

    assert 'The provider hashicorp/azurerm does not support resource type "azurerm_airflow"' in said


def test_a_good_configuration_is_not_refused(stack: Deploy) -> None:
    good = {
        "azurerm_key_vault": VAULT,
        "azurerm_postgresql_flexible_server": SERVER,
        "azurerm_storage_account": ACCOUNT,
        "azurerm_user_assigned_identity": IDENTITY,
    }

    workspace = stack(resource=GROUP | {type_: {"it": values} for type_, values in good.items()})

    assert workspace.invalid() == []


def test_a_value_that_is_not_known_yet_is_not_refused(stack: Deploy) -> None:
    vault = VAULT | {"sku_name": "${azurerm_resource_group.group.id}"}

    workspace = stack(resource=GROUP | {"azurerm_key_vault": {"it": vault}})

    assert workspace.invalid() == []


def test_a_provider_without_a_binding_is_named(tmp_path: Path) -> None:
    stack = tmp_path / "cdk.tf.json"
    stack.write_text('{"resource": {"datadog_monitor": {"it": {}}}}')

    with (
        pytest.raises(MissingBindingError, match="cdktf-cdktf-provider-datadog, which is not"),
        in_process([stack], tmp_path / "cloud"),
    ):
        pass
