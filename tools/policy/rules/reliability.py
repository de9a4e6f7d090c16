"""What keeps running, comes back, and is not lost."""

from collections.abc import Iterator

from synthesis.resources import EnvironmentStacks, Resource
from tools.policy.rules.rule import Finding, Rules, at_least, equal, holds, present

_RULES = Rules()
rule = _RULES.rule
RULES = _RULES.collected

LEARN = "https://learn.microsoft.com/azure"
CLUSTER = "azurerm_kubernetes_cluster"
POOL = "azurerm_kubernetes_cluster_node_pool"
SERVER = "azurerm_postgresql_flexible_server"
ACCOUNT = "azurerm_storage_account"
REGISTRY = "azurerm_container_registry"
HOLDS_DATA = (
    REGISTRY,
    "azurerm_data_protection_backup_vault",
    "azurerm_key_vault",
    "azurerm_key_vault_key",
    SERVER,
    "azurerm_postgresql_flexible_server_database",
)


@rule(
    "AOA-R01",
    "The database has a standby in another zone",
    control="postgres",
    page=f"{LEARN}/postgresql/flexible-server/concepts-high-availability",
)
def standby(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A zone that fails takes a server without a standby with it, for hours."""
    for server in stacks.resources(SERVER):
        yield equal(server, "high_availability.mode", "ZoneRedundant")


@rule(
    "AOA-R02",
    "The database can be restored to any point of at least the last 14 days",
    control="postgres",
    page=f"{LEARN}/postgresql/flexible-server/concepts-backup-restore",
)
def backup_retention(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A mistake in data is often seen only after a week or two."""
    for server in stacks.resources(SERVER):
        yield at_least(server, "backup_retention_days", 14)


@rule(
    "AOA-R03",
    "The database is patched in a window that we chose",
    control="postgres",
    page=f"{LEARN}/postgresql/flexible-server/concepts-maintenance",
)
def database_window(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Azure restarts the server at a time of its own otherwise."""
    for server in stacks.resources(SERVER):
        yield present(server, "maintenance_window.start_hour")


@rule(
    "AOA-R04",
    "The cluster is upgraded by itself, in windows that we chose",
    control="operations",
    page=f"{LEARN}/aks/planned-maintenance",
)
def cluster_upgrades(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Versions are supported for a year, node images hold fixes every week."""
    for cluster in stacks.resources(CLUSTER):
        yield present(cluster, "automatic_upgrade_channel")
        yield present(cluster, "maintenance_window_auto_upgrade.duration")
        channel = cluster.get("node_os_upgrade_channel")
        kept = channel in ("NodeImage", "SecurityPatch")
        yield holds(cluster, kept=kept, problem=f"node_os_upgrade_channel is {channel}")
        yield present(cluster, "maintenance_window_node_os.duration")


@rule(
    "AOA-R05",
    "Every node pool grows and shrinks by itself",
    control="pools",
    page=f"{LEARN}/aks/cluster-autoscaler-overview",
)
def autoscaling(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A pool with equal limits, or none, does not scale."""
    for pool, path in _pools(stacks):
        scales = pool.get(f"{path}auto_scaling_enabled") is True
        low, high = pool.get(f"{path}min_count"), pool.get(f"{path}max_count")
        yield holds(
            pool,
            kept=scales and isinstance(low, int) and isinstance(high, int) and low < high,
            problem=f"auto_scaling_enabled is {scales}, from {low} to {high} nodes",
        )


@rule(
    "AOA-R06",
    "Every node pool spans three zones",
    control="pools",
    page=f"{LEARN}/aks/availability-zones-overview",
)
def pool_zones(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """With two zones, the loss of one takes half of the nodes."""
    for pool, path in _pools(stacks):
        zones = pool.all(f"{path}zones")
        yield holds(pool, kept=len(zones) >= 3, problem=f"zones are {zones}, fewer than 3")


@rule(
    "AOA-R07",
    "The system pool has a node in each zone",
    control="pools",
    page=f"{LEARN}/aks/use-system-pools",
)
def system_nodes(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """CoreDNS and the metrics server must survive the loss of a node."""
    for cluster in stacks.resources(CLUSTER):
        yield at_least(cluster, "default_node_pool.min_count", 3)


@rule(
    "AOA-R08",
    "Upgrades add nodes first, and give pods time to leave",
    control="pools",
    page=f"{LEARN}/aks/upgrade-aks-node-pools-rolling",
)
def surge(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Azure refuses surge settings for spot pools, which lose nodes at any time anyway."""
    for pool, path in _pools(stacks):
        if pool.get("priority") != "Spot":
            yield present(pool, f"{path}upgrade_settings.max_surge")
            yield present(pool, f"{path}upgrade_settings.drain_timeout_in_minutes")


@rule(
    "AOA-R09",
    "The control plane has a financially backed availability",
    control="pools",
    page=f"{LEARN}/aks/free-standard-pricing-tiers",
)
def paid_tier(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """The Free tier promises nothing and serves few requests."""
    for cluster in stacks.resources(CLUSTER):
        tier = cluster.get("sku_tier")
        yield holds(cluster, kept=tier in ("Standard", "Premium"), problem=f"sku_tier is {tier}")


@rule(
    "AOA-R10",
    "Terraform refuses to destroy what holds data",
    control="protection",
    page="https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle",
)
def prevent_destroy(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A changed name would replace a database, and its data with it."""
    for resource in stacks.resources(*HOLDS_DATA, ACCOUNT):
        yield equal(resource, "lifecycle.prevent_destroy", True)


@rule(
    "AOA-R11",
    "Azure refuses to delete what holds data: database, storage, vault, images",
    control="protection",
    page=f"{LEARN}/azure-resource-manager/management/lock-resources",
)
def delete_locks(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A lock also holds against the portal, where Terraform's own guard does not.

    Not on what an extension of the cluster may write: a lock keeps grants too, and that one goes
    with the cluster.
    """
    locked = {
        resource
        for lock in stacks.resources("azurerm_management_lock")
        if lock.get("lock_level") == "CanNotDelete"
        for resource in stacks.referred(lock.stack, lock.get("scope"))
    }
    of_extensions = {
        resource
        for grant in stacks.resources("azurerm_role_assignment")
        for principal in stacks.referred(grant.stack, grant.get("principal_id"))
        if principal.type == "azurerm_kubernetes_cluster_extension"
        for resource in stacks.referred(grant.stack, grant.get("scope"))
    }
    for resource in stacks.resources(SERVER, "azurerm_key_vault", ACCOUNT, REGISTRY):
        kept = resource in locked or resource in of_extensions
        yield holds(resource, kept=kept, problem="has no lock CanNotDelete")


@rule(
    "AOA-R12",
    "Deleted blobs, containers, secrets and keys can be brought back",
    control="storage",
    page=f"{LEARN}/storage/blobs/soft-delete-blob-overview",
)
def soft_delete(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """At least seven days: long enough for a weekend and a holiday."""
    for account in stacks.resources("azurerm_storage_account"):
        yield at_least(account, "blob_properties.delete_retention_policy.days", 7)
        yield at_least(account, "blob_properties.container_delete_retention_policy.days", 7)
    for vault in stacks.resources("azurerm_key_vault"):
        yield at_least(vault, "soft_delete_retention_days", 7)
        yield equal(vault, "purge_protection_enabled", True)


@rule(
    "AOA-R13",
    "What runs in the cluster is backed up every day",
    control="backup",
    page=f"{LEARN}/backup/azure-kubernetes-service-backup-overview",
)
def cluster_backup(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Volumes and objects that no repository holds are lost with the cluster otherwise."""
    saved = {
        resource
        for backup in stacks.resources("azurerm_data_protection_backup_instance_kubernetes_cluster")
        for resource in stacks.referred(backup.stack, backup.get("kubernetes_cluster_id"))
    }
    for cluster in stacks.resources(CLUSTER):
        yield holds(cluster, kept=cluster in saved, problem="has no backup instance")


@rule(
    "AOA-R14",
    "Logs expire and data cools down by rule",
    control="storage",
    page=f"{LEARN}/storage/blobs/lifecycle-management-overview",
)
def lifecycle(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Task logs only grow."""
    ruled = {
        resource
        for policy in stacks.resources("azurerm_storage_management_policy")
        if policy.get("rule.enabled")
        for resource in stacks.referred(policy.stack, policy.get("storage_account_id"))
    }
    for account in stacks.resources("azurerm_storage_account"):
        if account.get("is_hns_enabled"):
            yield holds(account, kept=account in ruled, problem="has no lifecycle rule")


@rule(
    "AOA-R15",
    "Helm releases are of one exact version, and roll back when they fail",
    control="releases",
    page="https://registry.terraform.io/providers/hashicorp/helm/latest/docs/resources/release",
)
def releases(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A range would upgrade on the day that somebody else publishes; our own charts have none."""
    for release in stacks.resources("helm_release"):
        version = str(release.get("version"))
        exact = version.lstrip("v")[:1].isdigit() and not set(version) & set("*xX<>~^ ,")
        published = release.get("repository") or "://" in str(release.get("chart"))
        kept = exact or not published
        yield holds(release, kept=kept, problem=f"version is {version}, not an exact one")
        yield equal(release, "atomic", True)


@rule(
    "AOA-R16",
    "The database's disk grows before it is full, and no plan shrinks it",
    control="postgres",
    page=f"{LEARN}/postgresql/flexible-server/concepts-storage",
)
def growing_disk(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A full disk makes the server read-only; a smaller one is a new server, without the data."""
    for server in stacks.resources(SERVER):
        yield equal(server, "auto_grow_enabled", True)
        ignored = server.all("lifecycle.ignore_changes")
        yield holds(server, kept="storage_mb" in ignored, problem="Terraform holds to storage_mb")


@rule(
    "AOA-R17",
    "Keys are replaced before they expire",
    control="encryption",
    page=f"{LEARN}/virtual-machines/disk-encryption",
)
def key_rotation(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Machines stop when the key of their disks expires."""
    for key in stacks.resources("azurerm_key_vault_key"):
        yield present(key, "expiration_date")
        yield present(key, "rotation_policy.automatic.time_before_expiry")


def _pools(stacks: EnvironmentStacks) -> Iterator[tuple[Resource, str]]:
    for cluster in stacks.resources(CLUSTER):
        yield cluster, "default_node_pool."
    for pool in stacks.resources(POOL):
        yield pool, ""
