"""Which changes of a node pool azurerm makes by way of a temporary pool, and what that means."""

from collections.abc import Iterator

from terraform_runner.plan import Action, ResourceChange

# azurerm 4.81: properties whose change rotates a pool ("temporary_name_for_rotation")
ROTATING = frozenset(
    {
        "fips_enabled",
        "host_encryption_enabled",
        "kubelet_disk_type",
        "max_pods",
        "os_disk_size_gb",
        "os_disk_type",
        "pod_subnet_id",
        "snapshot_id",
        "ultra_ssd_enabled",
        "vm_size",
        "vnet_subnet_id",
        "zones",
    }
)
_PREFIXES = {
    "azurerm_kubernetes_cluster": "default_node_pool.0.",
    "azurerm_kubernetes_cluster_node_pool": "",
}


def rotations(changes: tuple[ResourceChange, ...]) -> Iterator[str]:
    """Yield, for each pool that is moved to other machines, what happens to its pods."""
    for change in changes:
        prefix = _PREFIXES.get(change.type)
        if prefix is None or change.action is not Action.UPDATE:
            continue
        moved = sorted(
            {
                name
                for attribute in change.attributes
                if attribute.path.startswith(prefix)
                and (name := attribute.path.removeprefix(prefix).split(".")[0]) in ROTATING
            }
        )
        if moved:
            yield (
                f"{change.address}: {', '.join(moved)}: Terraform calls it an update; azurerm "
                "makes a temporary pool, deletes this one, makes it again and deletes the "
                "temporary one. Its pods move twice, and tasks that run on it are lost and tried "
                "again: docs/how-to/upgrade.md"
            )
