"""Whether the nodes of an environment have room for what must run on them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import ceil

from conventions.components import API_SERVER, DAG_PROCESSOR, SCHEDULER, TRIGGERER, WORKER
from conventions.labels import WORKER_NODES
from conventions.sizes import CERT_MANAGER, CERT_MANAGER_PODS, NGINX, SIDECAR, Size
from environments.airflow import Airflow
from environments.facts import allocatable
from environments.ingress import Ingress
from environments.kubernetes import NodePool
from environments.types import refuse

Pools = Mapping[str, NodePool]
# Of a node's disk Kubernetes keeps a tenth free, and ends pods to get there ("Node-pressure
# Eviction", kubernetes.io)
DISK_SHARE = 0.9
_CLOSING = (":NoSchedule", ":NoExecute")


def worker_pools(pools: Pools) -> dict[str, NodePool]:
    """Return the pools for tasks: those labelled airflow/role=worker, else spot ones, else all."""
    labelled = {
        name: pool
        for name, pool in pools.items()
        if pool.labels.get(WORKER_NODES.key) == WORKER_NODES.value
    }
    spot = {name: pool for name, pool in pools.items() if pool.spot}
    return labelled or spot or dict(pools)


def core_pools(pools: Pools) -> dict[str, NodePool]:
    """Return the pools for Airflow's own components: never spot, and not the workers' if possible.

    The model refuses an environment whose pools are all spot.
    """
    steady = {name: pool for name, pool in pools.items() if not pool.spot}
    own = {name: pool for name, pool in steady.items() if name not in worker_pools(pools)}
    return own or steady


def open_pools(pools: Pools) -> dict[str, NodePool]:
    """Return the pools for pods that tolerate nothing: NGINX and cert-manager."""
    return {
        name: pool
        for name, pool in pools.items()
        if not pool.spot and not any(taint.endswith(_CLOSING) for taint in pool.taints)
    }


def warm_node_count(pools: Pools, airflow: Airflow) -> int:
    """Return how many nodes `warm_tasks` fills, on the largest of the pools for tasks."""
    task = airflow.resources.of(WORKER)
    nodes = [allocatable(pool.vm_size, pool.max_pods) for pool in worker_pools(pools).values()]
    a_node = max(min(cores // task.cpu, memory // task.memory_mib) for cores, memory in nodes)
    return ceil(airflow.warm_tasks / max(1, a_node))


@dataclass(frozen=True)
class _Need:
    """Pods that run all the time, and the pools that they may run on."""

    name: str
    pods: tuple[Size, ...]
    pools: Mapping[str, NodePool]


def refuse_without_room(pools: Pools, airflow: Airflow, ingress: Ingress) -> None:
    """Refuse pools that, with all their nodes, have no room for what runs all the time.

    What AKS itself puts on each node is left out, so what is refused never fits.
    """
    needs = _needs(pools, airflow, ingress)
    for need in needs:
        if not need.pools:
            refuse(
                f"node_pools: every pool is spot or has taints, and {need.name} tolerate none",
                allowed="a pool with spot = false and without taints of NoSchedule or NoExecute",
                fix="add such a pool, or delete the taints of one",
            )
        _refuse_large_pods(need)
    # Two kinds of pods may fit each for itself, and not together where they share pools
    for count in range(1, len(needs) + 1):
        for some in combinations(needs, count):
            _refuse_crowded(some)


def core_pods(airflow: Airflow) -> list[Size]:
    """Return the size of each of Airflow's own pods, at their fewest replicas."""
    sizes = airflow.resources
    redis = [SIDECAR] if airflow.runs_workers else []
    return [
        *[sizes.of(API_SERVER)] * airflow.api_server_replicas,
        *[_with_sidecar(sizes.of(SCHEDULER))] * airflow.scheduler_replicas,
        *[_with_sidecar(sizes.of(DAG_PROCESSOR))] * airflow.dag_processor_replicas,
        *[_with_sidecar(sizes.of(TRIGGERER))] * airflow.triggerer_replicas,
        SIDECAR,  # StatsD's exporter
        *redis,
    ]


def _needs(pools: Pools, airflow: Airflow, ingress: Ingress) -> list[_Need]:
    services = [NGINX] * ingress.replicas
    if ingress.certificate == "letsencrypt":
        services += [CERT_MANAGER] * CERT_MANAGER_PODS
    return [
        _Need("Airflow's components", tuple(core_pods(airflow)), core_pools(pools)),
        _Need("NGINX and cert-manager", tuple(services), open_pools(pools)),
        *_tasks(airflow, worker_pools(pools)),
    ]


def _tasks(airflow: Airflow, pools: Pools) -> Iterator[_Need]:
    task = airflow.resources.of(WORKER)
    if airflow.runs_pods:
        yield _Need("one task", (task,), pools)
    if airflow.warm_tasks:
        yield _Need("the room for warm_tasks", (task,) * airflow.warm_tasks, pools)
    if airflow.runs_workers:
        worker = _with_sidecar(airflow.resources.of_celery_worker)
        yield _Need("Celery's workers", (worker,) * airflow.celery_min_workers, pools)


def _with_sidecar(size: Size) -> Size:
    return Size(
        cpu=size.cpu + SIDECAR.cpu,
        memory_mib=size.memory_mib + SIDECAR.memory_mib,
        memory_limit_mib=size.memory_limit_mib + SIDECAR.memory_limit_mib,
        disk_gib=size.disk_gib,
    )


def _refuse_large_pods(need: _Need) -> None:
    for pod in need.pods:
        if any(_fits(pod, pool) for pool in need.pools.values()):
            continue
        disk = f" and {pod.disk_gib} GiB of disk" if pod.disk_gib else ""
        nodes = "; ".join(f"{name}: {_node(pool)}" for name, pool in need.pools.items())
        refuse(
            f"node_pools: a pod of {need.name} asks for {pod.cpu:.3g} cores, {pod.memory_mib:,} "
            f"MiB{disk}, and no node has as much free ({nodes})",
            allowed="a vm_size that has room for the largest pod",
            fix="choose a larger vm_size or os_disk_gib, or lower it in [airflow.resources]",
        )


def _node(pool: NodePool) -> str:
    cores, memory = allocatable(pool.vm_size, pool.max_pods)
    return f"{cores:.3g} cores, {memory:,} MiB, {pool.os_disk_size_gib * DISK_SHARE:.0f} GiB"


def _fits(pod: Size, pool: NodePool) -> bool:
    cores, memory = allocatable(pool.vm_size, pool.max_pods)
    disk = pool.os_disk_size_gib * DISK_SHARE
    return pod.cpu <= cores and pod.memory_mib <= memory and (pod.disk_gib or 0) <= disk


def _refuse_crowded(needs: tuple[_Need, ...]) -> None:
    pools = {name: pool for need in needs for name, pool in need.pools.items()}
    cores = memory = 0.0
    for pool in pools.values():
        of_a_node = allocatable(pool.vm_size, pool.max_pods)
        cores += pool.max_nodes * of_a_node[0]
        memory += pool.max_nodes * of_a_node[1]
    pods = [pod for need in needs for pod in need.pods]
    needed_cores, needed_memory = sum(pod.cpu for pod in pods), sum(p.memory_mib for p in pods)
    if needed_cores <= cores and needed_memory <= memory:
        return
    nodes = ", ".join(f"{pool.max_nodes} {pool.vm_size} in {name}" for name, pool in pools.items())
    who = " and ".join(need.name for need in needs)
    refuse(
        f"node_pools: {who} need {needed_cores:.3g} cores and "
        f"{needed_memory:,} MiB, and all nodes ({nodes}) have {cores:.3g} and {memory:,.0f}",
        allowed="pools that have room for what runs all the time",
        fix="raise max_nodes, choose a larger vm_size, or ask for less in [airflow.resources]",
    )
