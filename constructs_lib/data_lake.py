"""ADLS Gen2: one storage account with a hierarchical namespace, opened by Entra ID only."""

from collections.abc import Mapping, Sequence
from typing import Any

from cdktf_cdktf_provider_azurerm.storage_account import (
    StorageAccount,
    StorageAccountBlobProperties,
    StorageAccountBlobPropertiesContainerDeleteRetentionPolicy,
    StorageAccountBlobPropertiesDeleteRetentionPolicy,
    StorageAccountNetworkRules,
    StorageAccountSasPolicy,
)
from cdktf_cdktf_provider_azurerm.storage_container import StorageContainer
from cdktf_cdktf_provider_azurerm.storage_management_policy import (
    StorageManagementPolicy,
    StorageManagementPolicyRule,
    StorageManagementPolicyRuleActions,
    StorageManagementPolicyRuleActionsBaseBlob,
    StorageManagementPolicyRuleFilters,
)
from constructs import Construct

from constructs_lib.closed_account import encrypted_with
from constructs_lib.key_vault import KeyReference
from constructs_lib.place import Place
from constructs_lib.protection import guarded
from environments.data import Storage


class DataLake(Construct):
    """A storage account with containers, and rules that expire logs and cool down data.

    With a hierarchical namespace Azure refuses blob versioning and the change feed; soft delete is
    what restores (learn.microsoft.com: "Blob Storage feature support in Azure storage accounts").
    Containers are made through the management plane, which works without the account's keys.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        settings: Storage,
        containers: Sequence[str],
        key: KeyReference | None,
        protect: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        days = settings.soft_delete_days
        self.account = StorageAccount(
            self,
            "Default",
            name=place.names.unique("st"),
            account_tier="Standard",
            account_kind="StorageV2",
            account_replication_type=settings.replication,
            is_hns_enabled=True,
            shared_access_key_enabled=False,
            default_to_oauth_authentication=True,
            local_user_enabled=False,
            allow_nested_items_to_be_public=False,
            cross_tenant_replication_enabled=False,
            public_network_access_enabled=False,
            https_traffic_only_enabled=True,
            min_tls_version="TLS1_2",
            infrastructure_encryption_enabled=True,
            network_rules=StorageAccountNetworkRules(
                default_action="Deny", bypass=["AzureServices"]
            ),
            sas_policy=StorageAccountSasPolicy(expiration_period="00.01:00:00"),
            blob_properties=StorageAccountBlobProperties(
                delete_retention_policy=StorageAccountBlobPropertiesDeleteRetentionPolicy(
                    days=days
                ),
                container_delete_retention_policy=(
                    StorageAccountBlobPropertiesContainerDeleteRetentionPolicy(days=days)
                ),
            ),
            **encrypted_with(key),
            lifecycle=guarded(protect=protect),
            **place.at,
        )
        self.id = self.account.id
        self.containers: Mapping[str, StorageContainer] = {
            name: StorageContainer(
                self,
                f"{name}_container",
                name=name,
                storage_account_id=self.id,
                container_access_type="private",
                lifecycle=guarded(protect=protect),
            )
            for name in containers
        }
        StorageManagementPolicy(
            self,
            "lifecycle",
            storage_account_id=self.id,
            rule=[
                _rule(
                    "expire-logs",
                    ["logs/"],
                    delete_after_days_since_modification_greater_than=settings.log_retention_days,
                ),
                _rule(
                    "cool-down-data",
                    ["data/"],
                    tier_to_cool_after_days_since_modification_greater_than=(
                        settings.cool_after_days
                    ),
                ),
            ],
        )


def _rule(name: str, prefixes: list[str], **action: Any) -> StorageManagementPolicyRule:
    return StorageManagementPolicyRule(
        name=name,
        enabled=True,
        filters=StorageManagementPolicyRuleFilters(blob_types=["blockBlob"], prefix_match=prefixes),
        actions=StorageManagementPolicyRuleActions(
            base_blob=StorageManagementPolicyRuleActionsBaseBlob(**action)
        ),
    )
