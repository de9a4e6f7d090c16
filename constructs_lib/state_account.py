"""The storage account of all Terraform states, a container for each owner of one."""

from collections.abc import Mapping

from cdktf_cdktf_provider_azurerm.storage_account import StorageAccount
from cdktf_cdktf_provider_azurerm.storage_container import StorageContainer
from constructs import Construct

from constructs_lib.place import Place
from constructs_lib.protection import guarded
from constructs_lib.storage_account import OPENED_BY_ENTRA_ALONE, soft_delete

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
            account_replication_type=replication,
            shared_access_key_enabled=False,
            blob_properties=soft_delete(KEPT_DAYS, versions=True),
            lifecycle=guarded(protect=place.protect),
            **OPENED_BY_ENTRA_ALONE,
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
