"""AKS node pools: the worker pools, and what every pool has in common."""

from typing import Any

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_azurerm.kubernetes_cluster_node_pool import (
    KubernetesClusterNodePool,
    KubernetesClusterNodePoolUpgradeSettings,
)
from constructs import Construct

from conventions.labels import NODE_POOL, SPOT, SPOT_TAINT
from conventions.patience import DRAIN_MINUTES, SOAK_MINUTES
from environments.kubernetes import Kubernetes, NodePool, Pool, rotation_name

# Channels that move the minor version, so that Terraform must not move it back
MINOR_CHANNELS = ("stable", "rapid")


def pool_version(settings: Kubernetes) -> str | None:
    """Return the minor version that pools are held to, or None where the channel moves it.

    Without one Azure leaves the pools behind when the control plane is upgraded
    (learn.microsoft.com: "Upgrade an Azure Kubernetes Service cluster").
    """
    return None if settings.upgrade_channel in MINOR_CHANNELS else settings.version


def common_settings(pool: Pool) -> dict[str, Any]:
    """Return what system and worker pools are set to alike.

    Host encryption needs the feature Microsoft.Compute/EncryptionAtHost on the subscription; an
    ephemeral OS disk needs a size with a local disk, which the model checks
    (learn.microsoft.com: "Ephemeral OS disks for Azure VMs").
    """
    return {
        "vm_size": pool.vm_size,
        "auto_scaling_enabled": True,
        "min_count": pool.min_nodes,
        "max_count": pool.max_nodes,
        "max_pods": pool.max_pods,
        "zones": list(pool.zones) or None,
        "host_encryption_enabled": True,
        "os_disk_type": "Ephemeral" if pool.has_ephemeral_os_disk else "Managed",
        "os_disk_size_gb": pool.os_disk_size_gib,
        "os_sku": "AzureLinux",
    }


def add_worker_pool(
    scope: Construct,
    *,
    name: str,
    pool: NodePool,
    version: str | None,
    cluster_id: str,
    subnet_id: str,
) -> None:
    """Create a pool of worker nodes; `name` has at most 12 lower case letters and digits.

    Azure taints and labels spot nodes, so that only what tolerates losing its node is put there,
    and refuses surge settings for them. What it adds stands here too: the next plan would take it
    away. The label NODE_POOL is what pods ask for: while the provider moves a pool to other
    machines, by way of a pool of another name, the nodes of both have it.
    """
    KubernetesClusterNodePool(
        scope,
        f"{name}_pool",
        name=name,
        kubernetes_cluster_id=cluster_id,
        vnet_subnet_id=subnet_id,
        mode="User",
        temporary_name_for_rotation=rotation_name(name),
        orchestrator_version=version,
        node_labels={
            NODE_POOL: name,
            **pool.labels,
            **({SPOT.key: SPOT.value} if pool.spot else {}),
        },
        node_taints=[*pool.taints, *([SPOT_TAINT] if pool.spot else [])] or None,
        **common_settings(pool),
        **(_SPOT if pool.spot else _REGULAR),
        lifecycle=TerraformResourceLifecycle(ignore_changes=["node_count"]),
    )


# A node whose tasks outlast the drain is left alone and takes no new ones; a surge node stays in
# its place. AKS's own way (`Schedule`) gives up the whole upgrade instead.
UNDRAINABLE = "Cordon"

_SPOT: dict[str, Any] = {
    "priority": "Spot",
    "eviction_policy": "Delete",
    "spot_max_price": -1,
    "upgrade_settings": KubernetesClusterNodePoolUpgradeSettings(
        drain_timeout_in_minutes=DRAIN_MINUTES
    ),
}
_REGULAR: dict[str, Any] = {
    "upgrade_settings": KubernetesClusterNodePoolUpgradeSettings(
        max_surge="33%",
        drain_timeout_in_minutes=DRAIN_MINUTES,
        node_soak_duration_in_minutes=SOAK_MINUTES,
        undrainable_node_behavior=UNDRAINABLE,
    )
}
