"""Disk encryption with a key of our own, on top of the platform's."""

from cdktf_cdktf_provider_azurerm.disk_encryption_set import (
    DiskEncryptionSet,
    DiskEncryptionSetIdentity,
)
from constructs import Construct

from constructs_lib.grant import grant
from constructs_lib.key_vault import KeyReference
from constructs_lib.place import Place


class DiskEncryption(Construct):
    """A disk encryption set, readable by the cluster that makes disks with it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        key: KeyReference,
        reader_principal_id: str,
    ) -> None:
        super().__init__(scope, construct_id)
        encryption = DiskEncryptionSet(
            self,
            "Default",
            name=place.names.of("des"),
            key_vault_key_id=key.key_id,
            auto_key_rotation_enabled=True,
            encryption_type="EncryptionAtRestWithPlatformAndCustomerKeys",
            identity=DiskEncryptionSetIdentity(type="UserAssigned", identity_ids=[key.identity_id]),
            **place.at,
        )
        reads = grant(
            self, "cluster_reads", role="Reader", on=encryption.id, to=reader_principal_id
        )
        self.id = reads.scope  # read through the grant: the cluster waits for it
