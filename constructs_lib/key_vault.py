"""Key Vault: opened by roles, reached by private endpoint only; and secrets that no state holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from cdktf import ITerraformDependable, TerraformStack
from cdktf_cdktf_provider_azurerm.key_vault import KeyVault, KeyVaultNetworkAcls
from cdktf_cdktf_provider_azurerm.key_vault_key import (
    KeyVaultKey,
    KeyVaultKeyRotationPolicy,
    KeyVaultKeyRotationPolicyAutomatic,
)
from cdktf_cdktf_provider_azurerm.key_vault_secret import KeyVaultSecret
from cdktf_cdktf_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

from constructs_lib.beyond_bindings import require
from constructs_lib.grant import grant
from constructs_lib.place import Place, PrivateLink
from constructs_lib.private_endpoint import add_private_endpoint
from constructs_lib.protection import guarded
from conventions.terraform_providers import RANDOM
from conventions.vault_secrets import VaultSecret
from environments.data import KeyVault as KeyVaultSettings

SECRETS_OFFICER = "Key Vault Secrets Officer"


@dataclass(frozen=True)
class WritableVault:
    """A vault that the deployer writes secrets and keys into.

    Attributes:
        id: Azure's id of it.
        name: a part of its address.
        expiration_date: of the secrets in it; None: they have none.
        writable: what must be there before the deployer can write.
    """

    id: str
    name: str
    expiration_date: str | None
    writable: list[ITerraformDependable] = field(default_factory=list)

    @classmethod
    def given(cls, id_: str, settings: KeyVaultSettings) -> Self:
        """Return a vault of another team, which lets the deployer write."""
        return cls(id_, id_.rsplit("/", 1)[1], _end(settings))


def _end(settings: KeyVaultSettings) -> str | None:
    return f"{settings.expire_on}T00:00:00Z" if settings.expire_on else None


class Vault(Construct):
    """A Key Vault that nobody may read or write but those who are named here.

    Purge protection is on: a deleted vault keeps its name reserved until its soft-delete days are
    over. Premium, since only its keys lie in a hardware module.

    Args:
        scope: the stack that holds it.
        construct_id: its role, which the private endpoint has in its name.
        place: resource group and region.
        name: unique in all of Azure.
        tenant_id: whose identities it knows.
        settings: the `[key_vault]` table.
        link: where its private endpoint lies.
        deployer_object_id: who writes secrets and keys while deploying; None: nobody.
        owner_group_ids: Entra groups that write and read its secrets.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        name: str,
        tenant_id: str,
        settings: KeyVaultSettings,
        link: PrivateLink,
        deployer_object_id: str | None = None,
        owner_group_ids: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.vault = KeyVault(
            self,
            "Default",
            name=name,
            tenant_id=tenant_id,
            sku_name="premium",
            rbac_authorization_enabled=True,
            purge_protection_enabled=True,
            soft_delete_retention_days=settings.soft_delete_retention_days,
            public_network_access_enabled=False,
            network_acls=KeyVaultNetworkAcls(default_action="Deny", bypass="AzureServices"),
            lifecycle=guarded(protect=place.protect),
            **place.at,
        )
        self.id = self.vault.id
        endpoint = add_private_endpoint(
            self,
            "vault_endpoint",
            place=place,
            link=link,
            resource_id=self.id,
            subresource="vault",
            role=construct_id,
        )
        for number, group_id in enumerate(owner_group_ids):
            grant(
                self,
                f"owners_{number}",
                role=SECRETS_OFFICER,
                on=self.id,
                to=group_id,
                principal_type="Group",
            )
        grants = [
            grant(
                self,
                f"deployer_{role.split()[2].lower()}",
                role=role,
                on=self.id,
                to=deployer_object_id,
            )
            for role in (SECRETS_OFFICER, "Key Vault Crypto Officer")
            if deployer_object_id
        ]
        self.to_write = WritableVault(self.id, self.vault.name, _end(settings), [endpoint, *grants])


class GeneratedSecret(Construct):
    """A secret that Terraform makes, writes to the vault, and forgets: no state ever holds it.

    `ephemeral` blocks and write-only arguments need Terraform 1.11 (developer.hashicorp.com:
    "Write-only arguments"); cdktf has no class for the former, so it is added to the stack's JSON.
    Azure gets a new value only when `version` changes.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vault: WritableVault,
        secret: VaultSecret,
        version: int,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = TerraformStack.of(self)
        require(stack, RANDOM)
        stack.add_override(
            f"ephemeral.random_password.{construct_id}", {"length": secret.length, "special": False}
        )
        value = f"ephemeral.random_password.{construct_id}.result"
        if secret.fernet:  # url-safe base64 of 32 bytes
            value = f'replace(replace(base64encode({value}), "+", "-"), "/", "_")'
        KeyVaultSecret(
            self,
            "Default",
            name=secret.name,
            key_vault_id=vault.id,
            content_type="text/plain",
            value_wo=f"${{{value}}}",
            value_wo_version=version,
            expiration_date=vault.expiration_date,
            depends_on=vault.writable,
        )


class KeyReference(NamedTuple):
    """A key, and the identity that may encrypt with it: what an Azure service must be told."""

    key_id: str
    identity_id: str


class EncryptionKey(Construct):
    """A key of our own that another Azure service encrypts with, and the identity it does so as.

    Each version expires after 14 months, and Azure makes the next one two months before: disks of
    an expired key stop their machines, and nodes take the new one with their next image, within
    weeks. Other services follow within a day (learn.microsoft.com: "Server-side encryption of Azure
    Disk Storage", "Customer-managed keys for Azure Storage encryption").
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        vault: WritableVault,
    ) -> None:
        super().__init__(scope, construct_id)
        role = construct_id.replace("_", "-")
        identity = UserAssignedIdentity(
            self, "identity", name=place.names.of("id", role), **place.at
        )
        use = grant(
            self,
            "grant",
            role="Key Vault Crypto Service Encryption User",
            on=vault.id,
            to=identity.principal_id,
        )
        key = KeyVaultKey(
            self,
            "Default",
            name=role,
            key_vault_id=vault.id,
            key_type="RSA-HSM",
            key_size=3072,
            key_opts=["unwrapKey", "wrapKey"],
            rotation_policy=KeyVaultKeyRotationPolicy(
                expire_after="P14M",
                notify_before_expiry="P30D",
                automatic=KeyVaultKeyRotationPolicyAutomatic(time_before_expiry="P60D"),
            ),
            # of the first version, when it is made; each rotation sets the next one's
            expiration_date='${timeadd(plantimestamp(), "10200h")}',
            lifecycle=guarded(protect=place.protect, ignore_changes=["expiration_date"]),
            depends_on=[*vault.writable, use],
        )
        # without a version: the service follows each rotation
        self.reference = KeyReference(key_id=key.versionless_id, identity_id=identity.id)


class EtcdKey(Construct):
    """A key that AKS encrypts Kubernetes Secrets with before it writes them to etcd.

    The cluster takes one version of it, by `key_management_service`: azurerm 4.81 knows only this
    way, and not the newer one that follows rotations ("KMS data encryption concepts for AKS",
    learn.microsoft.com). So the key has no end and no rotation of its own: with a version that
    expired the API server would read no Secret any more. Give it a vault of its own: AKS wants
    *Key Vault Contributor* there, to make its private way in.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, place: Place, vault: WritableVault
    ) -> None:
        super().__init__(scope, construct_id)
        key = KeyVaultKey(
            self,
            "Default",
            name="etcd",
            key_vault_id=vault.id,
            key_type="RSA-HSM",
            key_size=3072,
            key_opts=["decrypt", "encrypt"],
            lifecycle=guarded(protect=place.protect),
            depends_on=vault.writable,
        )
        self.id = key.id  # with its version
