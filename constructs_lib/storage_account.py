"""Storage accounts: what all of ours have, and one that only private endpoints reach."""

from collections.abc import Mapping
from typing import Any

from cdktf_cdktf_provider_azurerm.storage_account import (
    StorageAccount,
    StorageAccountBlobProperties,
    StorageAccountBlobPropertiesContainerDeleteRetentionPolicy,
    StorageAccountBlobPropertiesDeleteRetentionPolicy,
    StorageAccountCustomerManagedKey,
    StorageAccountIdentity,
    StorageAccountNetworkRules,
    StorageAccountSasPolicy,
)
from constructs import Construct

from constructs_lib.key_vault import KeyReference
from constructs_lib.place import Place
from constructs_lib.protection import guarded

OPENED_BY_ENTRA_ALONE: Mapping[str, Any] = {
    "account_tier": "Standard",
    "account_kind": "StorageV2",
    "default_to_oauth_authentication": True,
    "local_user_enabled": False,
    "allow_nested_items_to_be_public": False,
    "cross_tenant_replication_enabled": False,
    "https_traffic_only_enabled": True,
    "min_tls_version": "TLS1_2",
    "infrastructure_encryption_enabled": True,
    "sas_policy": StorageAccountSasPolicy(expiration_period="00.01:00:00"),
}
"""What every account has; `shared_access_key_enabled` stands where the account is made."""


def soft_delete(days: int, *, versions: bool | None = None) -> StorageAccountBlobProperties:
    """Return the settings that keep deleted blobs and containers; `versions` keeps changed ones."""
    return StorageAccountBlobProperties(
        versioning_enabled=versions,
        delete_retention_policy=StorageAccountBlobPropertiesDeleteRetentionPolicy(days=days),
        container_delete_retention_policy=(
            StorageAccountBlobPropertiesContainerDeleteRetentionPolicy(days=days)
        ),
    )


def create_closed_account(
    scope: Construct,
    construct_id: str,
    *,
    place: Place,
    abbreviation: str,
    replication: str,
    key: KeyReference | None,
    soft_delete_days: int = 7,
    hierarchical: bool = False,
    keys_enabled: bool = False,
) -> StorageAccount:
    """Create an account opened by Entra ID only, with soft delete of blobs and containers.

    `abbreviation` starts the name and has at most 4 characters. `hierarchical` makes it ADLS Gen2.
    `keys_enabled` is for the one service that still writes with the account's keys: Network
    Watcher.
    """
    return StorageAccount(
        scope,
        construct_id,
        name=place.names.unique(abbreviation),
        account_replication_type=replication,
        is_hns_enabled=True if hierarchical else None,
        shared_access_key_enabled=keys_enabled,
        public_network_access_enabled=False,
        network_rules=StorageAccountNetworkRules(default_action="Deny", bypass=["AzureServices"]),
        blob_properties=soft_delete(soft_delete_days),
        lifecycle=guarded(protect=place.protect),
        **OPENED_BY_ENTRA_ALONE,
        **_encrypted_with(key),
        **place.at,
    )


def _encrypted_with(key: KeyReference | None) -> dict[str, Any]:
    """Return the arguments of a storage account that encrypts with a key of ours, if there is one.

    The account reads the key as the identity, past the vault's firewall, as a trusted service
    (learn.microsoft.com: "Customer-managed keys for Azure Storage encryption").
    """
    if key is None:
        return {}
    return {
        "identity": StorageAccountIdentity(type="UserAssigned", identity_ids=[key.identity_id]),
        "customer_managed_key": StorageAccountCustomerManagedKey(
            key_vault_key_id=key.key_id, user_assigned_identity_id=key.identity_id
        ),
    }
