"""The storage account of all Terraform states, a container for each owner of one."""

from collections.abc import Mapping

from cdktf_cdktf_provider_azurerm.storage_account import (
    StorageAccount,
    StorageAccountBlobProperties,
    StorageAccountBlobPropertiesContainerDeleteRetentionPolicy,
    StorageAccountBlobPropertiesDeleteRetentionPolicy,
    StorageAccountSasPolicy,
)
from cdktf_cdktf_provider_azurerm.storage_container import StorageContainer
from constructs import Construct

from constructs_lib.place import Place
from constructs_lib.protection import guarded

KEPT_DAYS = 30


class StateAccount(Construct):
    """Keeps every version of a state, and a deleted one for 30 days; opened by Entra ID alone.

    It answers on its public address: whoever makes the first network has no private one yet.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        name: str,
        replication: str,
        containers: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        account = StorageAccount(
            self,
            "Default",
            name=name,
            account_tier="Standard",
            account_kind="StorageV2",
            account_replication_type=replication,
            shared_access_key_enabled=False,
            default_to_oauth_authentication=True,
            local_user_enabled=False,
            allow_nested_items_to_be_public=False,
            cross_tenant_replication_enabled=False,
            https_traffic_only_enabled=True,
            min_tls_version="TLS1_2",
            infrastructure_encryption_enabled=True,
            sas_policy=StorageAccountSasPolicy(expiration_period="00.01:00:00"),
            blob_properties=StorageAccountBlobProperties(
                versioning_enabled=True,
                delete_retention_policy=StorageAccountBlobPropertiesDeleteRetentionPolicy(
                    days=KEPT_DAYS
                ),
                container_delete_retention_policy=(
                    StorageAccountBlobPropertiesContainerDeleteRetentionPolicy(days=KEPT_DAYS)
                ),
            ),
            lifecycle=guarded(protect=place.protect),
            **place.at,
        )
        self.id = account.id
        self.container_ids = {
            owner: StorageContainer(
                self,
                f"{owner}_container",
                name=container,
                storage_account_id=account.id,
                container_access_type="private",
                lifecycle=guarded(protect=place.protect),
            ).id
            for owner, container in containers.items()
        }
