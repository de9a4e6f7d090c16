"""Backup of what runs in the cluster: objects and volumes of Airflow's namespace, no Secrets."""

from datetime import time

from cdktf_cdktf_provider_azurerm.data_protection_backup_instance_kubernetes_cluster import (
    DataProtectionBackupInstanceKubernetesCluster,
    DataProtectionBackupInstanceKubernetesClusterBackupDatasourceParameters,
)
from cdktf_cdktf_provider_azurerm.data_protection_backup_policy_kubernetes_cluster import (
    DataProtectionBackupPolicyKubernetesCluster,
    DataProtectionBackupPolicyKubernetesClusterDefaultRetentionRule,
    DataProtectionBackupPolicyKubernetesClusterDefaultRetentionRuleLifeCycle,
)
from cdktf_cdktf_provider_azurerm.data_protection_backup_vault import (
    DataProtectionBackupVault,
    DataProtectionBackupVaultIdentity,
)
from cdktf_cdktf_provider_azurerm.kubernetes_cluster_extension import (
    KubernetesClusterExtension,
)
from cdktf_cdktf_provider_azurerm.kubernetes_cluster_trusted_access_role_binding import (
    KubernetesClusterTrustedAccessRoleBinding,
)
from cdktf_cdktf_provider_azurerm.resource_group import ResourceGroup
from cdktf_cdktf_provider_azurerm.storage_container import StorageContainer
from constructs import Construct

from constructs_lib.grant import grant
from constructs_lib.key_vault import KeyReference
from constructs_lib.place import Place, PrivateLink
from constructs_lib.private_endpoint import add_private_endpoint
from constructs_lib.protection import guarded
from constructs_lib.storage_account import create_closed_account
from environments.hibernation import Hibernation
from environments.model import Environment

NIGHT = time(3)  # UTC


class BackupStorage(Construct):
    """The account and container in which the extension in the cluster keeps Kubernetes objects."""

    CONTAINER = "backup"

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        env: Environment,
        link: PrivateLink,
        key: KeyReference | None,
    ) -> None:
        super().__init__(scope, construct_id)
        account = create_closed_account(
            self,
            "Default",
            place=place,
            abbreviation="stbk",
            replication=env.storage.replication,
            key=key,
        )
        self.account_id = account.id
        container = StorageContainer(
            self,
            "container",
            name=self.CONTAINER,
            storage_account_id=self.account_id,
            container_access_type="private",
        )
        add_private_endpoint(
            self,
            "backup_blob_endpoint",
            place=place,
            link=link,
            resource_id=self.account_id,
            subresource="blob",
        )
        self.extension_settings = {
            "configuration.backupStorageLocation.bucket": container.name,
            "configuration.backupStorageLocation.config.resourceGroup": place.resource_group_name,
            "configuration.backupStorageLocation.config.storageAccount": account.name,
            "configuration.backupStorageLocation.config.subscriptionId": env.subscription_id,
            "configuration.backupStorageLocation.config.useAAD": "true",
            "configuration.backupStorageLocation.config.storageAccountURI": (
                account.primary_blob_endpoint
            ),
            "credentials.tenantId": env.tenant_id,
        }


class ClusterBackup(Construct):
    """A daily backup of one namespace, kept in a vault and as disk snapshots.

    The extension in the cluster keeps the objects in a blob container; the vault starts it through
    trusted access. Each of the roles is one that Azure checks before it takes a backup
    (learn.microsoft.com: "Azure Kubernetes Service backup prerequisites").
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        cluster_id: str,
        cluster_principal_id: str,
        storage: BackupStorage,
        namespace: str,
        retention_days: int,
        zone_redundant: bool,
        hibernation: Hibernation | None,
    ) -> None:
        super().__init__(scope, construct_id)
        vault = self._vault(place, zone_redundant=zone_redundant)
        self.vault_id = vault.id
        snapshots = ResourceGroup(
            self, "snapshots", name=place.names.of("rg", "snapshots"), location=place.location
        )
        extension = KubernetesClusterExtension(
            self,
            "extension",
            name="azure-aks-backup",
            cluster_id=cluster_id,
            extension_type="Microsoft.DataProtection.Kubernetes",
            release_train="stable",
            release_namespace="dataprotection-microsoft",
            configuration_settings=storage.extension_settings,
        )
        binding = KubernetesClusterTrustedAccessRoleBinding(
            self,
            "trusted_access",
            name="backup",
            kubernetes_cluster_id=cluster_id,
            roles=["Microsoft.DataProtection/backupVaults/backup-operator"],
            source_resource_id=self.vault_id,
        )
        by_vault = vault.identity.principal_id
        by_extension = extension.aks_assigned_identity.get(0).principal_id
        writer = "Storage Blob Data Contributor"
        grants = [
            grant(self, name, role=role, on=resource_id, to=principal_id)
            for name, role, resource_id, principal_id in (
                ("vault_reads_cluster", "Reader", cluster_id, by_vault),
                ("vault_reads_snapshots", "Reader", snapshots.id, by_vault),
                ("cluster_makes_snapshots", "Contributor", snapshots.id, cluster_principal_id),
                ("extension_writes_objects", writer, storage.account_id, by_extension),
            )
        ]
        DataProtectionBackupInstanceKubernetesCluster(
            self,
            "instance",
            name=place.names.of("bi"),
            location=place.location,
            vault_id=self.vault_id,
            kubernetes_cluster_id=cluster_id,
            snapshot_resource_group_name=snapshots.name,
            backup_policy_id=self._daily(place, vault.name, retention_days, hibernation).id,
            backup_datasource_parameters=(
                DataProtectionBackupInstanceKubernetesClusterBackupDatasourceParameters(
                    included_namespaces=[namespace],
                    # Airflow's keys belong into the vault alone; its driver puts them back
                    excluded_resource_types=["secrets"],
                    cluster_scoped_resources_enabled=True,
                    volume_snapshot_enabled=True,
                )
            ),
            depends_on=[*grants, binding],
        )

    def _vault(self, place: Place, *, zone_redundant: bool) -> DataProtectionBackupVault:
        return DataProtectionBackupVault(
            self,
            "Default",
            name=place.names.of("bvault"),
            datastore_type="VaultStore",
            redundancy="ZoneRedundant" if zone_redundant else "LocallyRedundant",
            # both keep backups from whoever deletes them, and the vault from being destroyed
            soft_delete="On" if place.protect else "Off",
            retention_duration_in_days=14,
            immutability="Unlocked" if place.protect else "Disabled",
            identity=DataProtectionBackupVaultIdentity(type="SystemAssigned"),
            lifecycle=guarded(protect=place.protect),
            **place.at,
        )

    def _daily(
        self,
        place: Place,
        vault_name: str,
        retention_days: int,
        hibernation: Hibernation | None,
    ) -> DataProtectionBackupPolicyKubernetesCluster:
        at = hibernation.early.time() if hibernation else NIGHT  # a stopped cluster has no backup
        return DataProtectionBackupPolicyKubernetesCluster(
            self,
            "policy",
            name="daily",
            resource_group_name=place.resource_group_name,
            vault_name=vault_name,
            # A new value is a new policy and a new instance, which loses the backups: so the date
            # is fixed, and the time of day alone counts.
            backup_repeating_time_intervals=[f"R/2026-01-01T{at:%H:%M}:00+00:00/P1D"],
            default_retention_rule=DataProtectionBackupPolicyKubernetesClusterDefaultRetentionRule(
                life_cycle=[
                    DataProtectionBackupPolicyKubernetesClusterDefaultRetentionRuleLifeCycle(
                        data_store_type="OperationalStore", duration=f"P{retention_days}D"
                    )
                ]
            ),
        )
