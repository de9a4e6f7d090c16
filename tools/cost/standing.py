"""How many nodes stand day and night: what holds room for tasks, and workers that stay, need them.

Both are in the values of the releases: the pods of `airflow-room`, and the workers that KEDA keeps.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from conventions.labels import NODE_POOL
from environments.facts import allocatable
from synthesis.reader import Stack

Values = dict[str, Any]


@dataclass(frozen=True)
class _Pods:
    """Equal pods that always run."""

    count: int
    cores: float
    memory_mib: float
    pools: frozenset[str]

    def on_a_node(self, pool: Values) -> int:
        """Return how many of them a node of the pool has room for."""
        cores, memory = allocatable(pool["vm_size"], pool["max_pods"])
        return int(min(cores / self.cores, memory / self.memory_mib))


def fewest_nodes(stacks: Sequence[Stack], pools: Mapping[str, Values]) -> dict[str, float]:
    """Return how many nodes each pool has at least, by the pools' own names.

    Pods go to the nodes that stand anyway, then to new ones of the largest pool that may have them.
    Nodes that stand anyway are taken where Airflow's own components may run, too.
    """
    releases = list(_releases(stacks))
    own = frozenset(name for release in releases for name in _pools(release))
    taken = {name: pool["min_count"] if name in own else 0.0 for name, pool in pools.items()}
    for pods in _standing(releases):
        left = pods.count
        fitting = {name: pods.on_a_node(pools[name]) for name in pods.pools & set(pools)}
        largest = sorted((name for name in fitting if fitting[name]), key=lambda n: -fitting[n])
        for bound in ("min_count", "max_count"):
            for name in largest:
                here = min(left, int((pools[name][bound] - taken[name]) * fitting[name] + 1e-9))
                taken[name] += here / fitting[name]
                left -= here
    return {name: max(pool["min_count"], ceil(taken[name] - 1e-9)) for name, pool in pools.items()}


def _releases(stacks: Sequence[Stack]) -> Iterator[Values]:
    for stack in stacks:
        for release in stack.resources("helm_release").values():
            for text in release.get("values", []):
                yield json.loads(text)


def _standing(releases: Sequence[Values]) -> Iterator[_Pods]:
    objects = [found for release in releases for found in release.get("objects", [])]
    for found in objects:
        if found["kind"] == "Deployment":  # the room is the only one beside the charts
            pod = found["spec"]["template"]["spec"]
            asked = [container["resources"] for container in pod["containers"]]
            yield _pods(found["spec"]["replicas"], asked, pod)
    kept = [
        found["spec"]["minReplicaCount"] for found in objects if found["kind"] == "ScaledObject"
    ]
    for release in releases:
        workers = release.get("workers", {}).get("celery", {})
        for count in kept if workers else ():
            asked = [workers["resources"], workers["logGroomerSidecar"]["resources"]]
            yield _pods(count, asked, workers)


def _pods(count: int, resources: Sequence[Values], placed: Values) -> _Pods:
    asked = [one["requests"] for one in resources]
    return _Pods(
        count,
        sum(_amount(one["cpu"]) for one in asked),
        sum(_amount(one["memory"]) for one in asked) / 2**20,
        frozenset(_pools(placed)),
    )


def _pools(placed: Values) -> Iterator[str]:
    """Yield the pools that an affinity names."""
    wanted = placed.get("affinity", {}).get("nodeAffinity", {})
    terms = wanted.get("requiredDuringSchedulingIgnoredDuringExecution", {})
    for term in terms.get("nodeSelectorTerms", []):
        for expression in term["matchExpressions"]:
            if expression["key"] == NODE_POOL:
                yield from expression["values"]


def _amount(quantity: str) -> float:
    """Return a Kubernetes quantity as a number."""
    from kubernetes.utils.quantity import parse_quantity  # slow, and rarely needed

    return float(parse_quantity(quantity))  # type: ignore[no-untyped-call]
