"""Where pods run: Airflow's own components on steady nodes, tasks on the workers' pools."""

from collections.abc import Collection

from conventions.labels import NODE_POOL, SPOT, SPOT_TAINT
from environments.capacity import core_pools, worker_pools
from environments.kubernetes import NodePool
from environments.model import Environment
from helm_values.merge import Values, at, merged

Pools = dict[str, NodePool]


def node_values(env: Environment) -> Values:
    """Return affinity and tolerations: of all pods, and of the workers."""
    pools = env.kubernetes.node_pools
    return merged(
        _placement(core_pools(pools)),
        for_tasks(env, task_placement(env)),
    )


def core_placement(env: Environment) -> Values:
    """Return affinity and tolerations of a pod of Airflow's own beside the chart."""
    return _placement(core_pools(env.kubernetes.node_pools))


def task_placement(env: Environment) -> Values:
    """Return affinity and tolerations of a pod beside the chart on the nodes of tasks."""
    return _placement(worker_pools(env.kubernetes.node_pools))


def for_tasks(env: Environment, values: Values) -> Values:
    """Return values for whatever runs tasks: Celery's workers, pods of tasks, or both."""
    kinds = {"celery": env.airflow.runs_workers, "kubernetes": env.airflow.runs_pods}
    return at("workers", {kind: values for kind, runs in kinds.items() if runs})


def _placement(pools: Pools) -> Values:
    affinity: Values = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [_match(NODE_POOL, sorted(pools))]
            }
        }
    }
    if len({pool.spot for pool in pools.values()}) > 1:
        spot_first = {"weight": 100, "preference": _match(SPOT.key, [SPOT.value])}
        affinity["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] = [spot_first]
    tolerations = _tolerations(pools.values())
    return {"affinity": affinity} | ({"tolerations": tolerations} if tolerations else {})


def _match(label: str, values: list[str]) -> Values:
    return {"matchExpressions": [{"key": label, "operator": "In", "values": values}]}


def _tolerations(pools: Collection[NodePool]) -> list[Values]:
    taints = {taint for pool in pools for taint in pool.taints}
    if any(pool.spot for pool in pools):
        taints.add(SPOT_TAINT)  # AKS puts it on every spot node
    return [_toleration(taint) for taint in sorted(taints)]


def _toleration(taint: str) -> Values:
    label, effect = taint.rsplit(":", 1)
    key, value = label.split("=", 1)
    return {"key": key, "operator": "Equal", "value": value, "effect": effect}
