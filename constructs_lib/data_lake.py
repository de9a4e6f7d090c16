"""ADLS Gen2: one storage account with a hierarchical namespace, opened by Entra ID only."""

from typing import Any

from cdktf_cdktf_provider_azurerm.storage_container import StorageContainer
from cdktf_cdktf_provider_azurerm.storage_management_policy import (
    StorageManagementPolicy,
    StorageManagementPolicyRule,
    StorageManagementPolicyRuleActions,
    StorageManagementPolicyRuleActionsBaseBlob,
    StorageManagementPolicyRuleFilters,
)
from constructs import Construct

from constructs_lib.key_vault import KeyReference
from constructs_lib.place import Place
from constructs_lib.protection import guarded
from constructs_lib.storage_account import create_closed_account
from conventions.containers import CONTAINERS, DATA, LOGS
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
        key: KeyReference | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.account = create_closed_account(
            self,
            "Default",
            place=place,
            abbreviation="st",
            replication=settings.replication,
            key=key,
            soft_delete_days=settings.soft_delete_days,
            hierarchical=True,
        )
        self.id = self.account.id
        self.containers = {
            name: StorageContainer(
                self,
                f"{name.replace('-', '_')}_container",
                name=name,
                storage_account_id=self.id,
                container_access_type="private",
                lifecycle=guarded(protect=place.protect),
            )
            for name in CONTAINERS
        }
        StorageManagementPolicy(
            self,
            "lifecycle",
            storage_account_id=self.id,
            rule=[
                _rule(
                    "expire-logs",
                    [f"{LOGS}/"],
                    delete_after_days_since_modification_greater_than=settings.log_retention_days,
                ),
                _rule(
                    "cool-down-data",
                    [f"{DATA}/"],
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
