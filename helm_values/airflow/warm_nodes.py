"""Warm nodes: the image on every node of tasks, and room that a task finds without a new node.

Pods that sleep hold the room. They run Airflow's own image, so the node has it, and have the lowest
priority: Kubernetes ends them as soon as a task needs their place, and the autoscaler then makes a
node for them ("Pod Priority and Preemption", kubernetes.io; "How can I configure overprovisioning
with Cluster Autoscaler?" in the autoscaler's FAQ). Neither may hold up a deployment: a rollout that
all pods may be missing from is ready at once.
"""

from conventions.components import WORKER
from conventions.service_accounts import AIRFLOW_NAMESPACE
from conventions.sizes import ASLEEP, Size
from environments.model import Environment
from helm_values.airflow.images import image
from helm_values.airflow.placement import task_placement
from helm_values.airflow.pods import CONTAINER, POD
from helm_values.cluster.resources import resources
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values

PRIORITY_CLASS = "airflow-room"
# Below every pod that names no class; the autoscaler makes no node for what is below -10.
PRIORITY = -5


def warm_nodes(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return a sleeping pod for each node of tasks, and those that hold room, where it is wanted.

    They stand before Airflow's release: nodes fetch a new image while the database is migrated.
    """
    everywhere = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        **_metadata("airflow-image"),
        "spec": {
            "updateStrategy": _rolling(maxUnavailable="100%"),
            **_pods(env, infra, "airflow-image", ASLEEP),
        },
    }
    return [_priority_class(), everywhere, *_room(env, infra)]


def _room(env: Environment, infra: Infrastructure) -> list[Values]:
    if not env.airflow.warm_tasks:
        return []
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            **_metadata("airflow-room"),
            "spec": {
                "replicas": env.airflow.warm_tasks,
                "revisionHistoryLimit": 1,
                "strategy": _rolling(maxUnavailable="100%", maxSurge=0),
                **_pods(env, infra, "airflow-room", env.airflow.resources.of(WORKER)),
            },
        }
    ]


def _priority_class() -> Values:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": PRIORITY_CLASS},
        "value": PRIORITY,
        "preemptionPolicy": "Never",
        "description": "Room for tasks: whatever else needs the place takes it",
    }


def _rolling(**bounds: str | int) -> Values:
    return {"type": "RollingUpdate", "rollingUpdate": bounds}


def _metadata(name: str) -> Values:
    return {"metadata": {"name": name, "namespace": AIRFLOW_NAMESPACE}}


def _pods(env: Environment, infra: Infrastructure, name: str, size: Size) -> Values:
    """Return selector and template of pods that do nothing, and are allowed nothing.

    They lack the labels of Airflow's pods, so network policies let them connect to nothing.
    """
    labels = {"component": name}
    container = {
        "name": "asleep",
        "image": image(env.airflow, infra),
        "command": ["sleep", "infinity"],
        "resources": resources(size),
        "securityContext": CONTAINER,
    }
    return {
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "priorityClassName": PRIORITY_CLASS,
                "terminationGracePeriodSeconds": 0,  # who needs the place need not wait
                "securityContext": POD,
                **task_placement(env),
                "containers": [container],
            },
        },
    }
