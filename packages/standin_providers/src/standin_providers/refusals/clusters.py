"""Changes of a cluster that azurerm makes by a temporary node pool."""

from standin_providers.change import Change

_ROTATING = (
    "host_encryption_enabled",
    "node_public_ip_enabled",
    "fips_enabled",
    "kubelet_config",
    "kubelet_disk_type",
    "linux_os_config",
    "max_pods",
    "only_critical_addons_enabled",
    "os_disk_size_gb",
    "os_disk_type",
    "pod_subnet_id",
    "snapshot_id",
    "ultra_ssd_enabled",
    "vnet_subnet_id",
    "vm_size",
    "zones",
)


def node_pool_needs_a_temporary_name(change: Change) -> str | None:
    """Some settings of the default node pool change only by way of a second pool.

    https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/kubernetes_cluster
    """
    if change.type != "azurerm_kubernetes_cluster" or change.action != "update":
        return None
    before = (change.prior.get("default_node_pool") or [{}])[0]
    after = (change.values.get("default_node_pool") or [{}])[0]
    changed = [name for name in _ROTATING if before.get(name) != after.get(name)]
    if not changed or after.get("temporary_name_for_rotation"):
        return None
    listed = " ".join(f'"default_node_pool.0.{name}"' for name in changed)
    return (
        "`temporary_name_for_rotation` must be specified when updating any of the following "
        f"properties [{listed}]"
    )
