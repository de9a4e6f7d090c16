"""Disk encryption with a key of our own, on top of the platform's."""

from cdktf_cdktf_provider_azurerm.disk_encryption_set import (
    DiskEncryptionSet,
    DiskEncryptionSetIdentity,
)
from cdktf_cdktf_provider_azurerm.role_assignment import RoleAssignment
from constructs import Construct

from constructs_lib.place import Place


class DiskEncryption(Construct):
    """A disk encryption set, readable by the cluster that makes disks with it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        key_id: str,
        identity_id: str,
        reader_principal_id: str,
    ) -> None:
        super().__init__(scope, construct_id)
        encryption = DiskEncryptionSet(
            self,
            "Default",
            name=place.names.of("des"),
            key_vault_key_id=key_id,
            auto_key_rotation_enabled=True,
            encryption_type="EncryptionAtRestWithPlatformAndCustomerKeys",
            identity=DiskEncryptionSetIdentity(type="UserAssigned", identity_ids=[identity_id]),
            **place.at,
        )
        grant = RoleAssignment(
            self,
            "cluster_reads",
            scope=encryption.id,
            role_definition_name="Reader",
            principal_id=reader_principal_id,
            principal_type="ServicePrincipal",
        )
        self.id = grant.scope  # read through the grant: the cluster waits for it
