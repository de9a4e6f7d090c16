"""Whether the subnets of an environment have addresses for all that stands in them."""

from collections.abc import Mapping
from math import ceil

from environments.airflow import Airflow
from environments.dags import Team
from environments.data import KeyVault
from environments.ingress import Ingress
from environments.kubernetes import Kubernetes
from environments.network import Network
from environments.registry import Registry
from environments.types import refuse

# Of each subnet: the first four and the last (learn.microsoft.com: "Virtual Network FAQ")
AZURES = 5


def refuse_crowd(kubernetes: Kubernetes, network: Network, ingress: Ingress | None) -> None:
    """Refuse more nodes than have addresses: each takes one, and a /24 of the pods' range.

    A third is added, since upgrades add nodes first (learn.microsoft.com: "Azure CNI Overlay").
    """
    pools = [kubernetes.system_pool, *kubernetes.node_pools.values()]
    most = sum(pool.max_nodes + ceil(pool.max_nodes / 3) for pool in pools)
    balancer = 1 if ingress is None or ingress.internal else 0
    room = {
        f"aks_nodes = {network.aks_nodes}": network.aks_nodes.num_addresses - AZURES - balancer,
        f"pod_cidr = {network.pod_cidr}": network.pod_cidr.num_addresses // 256,
    }
    for name, nodes in room.items():
        if most > nodes:
            refuse(
                f"up to {most} nodes while Azure upgrades all pools, and network.{name} has room "
                f"for {nodes}",
                allowed="pools whose max_nodes, and a third more, have room",
                fix="lower max_nodes, or widen the range before the cluster is made",
            )


def refuse_full_endpoints(
    network: Network,
    *,
    teams: Mapping[str, Team],
    airflow: Airflow,
    key_vault: KeyVault,
    kubernetes: Kubernetes,
    registry: Registry,
) -> None:
    """Refuse more private endpoints than their subnet has addresses.

    A registry takes one, and one for its data in each region (learn.microsoft.com: "Connect
    privately to an Azure container registry using Azure Private Link").
    """
    vaults = [
        key_vault.given_id is None,
        kubernetes.etcd_key,
        bool(airflow.secret_owners),
        *(bool(team.secret_owners) for team in teams.values()),
    ]
    storage = 3  # blob and dfs of the data lake, blob of the backups
    images = 0 if registry.given_id else 2 + len(registry.geo_replications)
    needed, room = sum(vaults) + storage + images, network.private_endpoints.num_addresses - AZURES
    if needed > room:
        refuse(
            f"{sum(vaults)} vaults, the storage and the registry take {needed} addresses, and "
            f"network.private_endpoints = {network.private_endpoints} has room for {room}",
            allowed="a subnet with an address for each private endpoint",
            fix="widen network.private_endpoints before it is made",
        )
