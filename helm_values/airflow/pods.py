"""How pods run: identity, rights, resources, priority, spread and disruption budgets."""

from conventions.components import (
    API_SERVER,
    DAG_PROCESSOR,
    LONG_RUNNING,
    SCHEDULER,
    TRIGGERER,
    WORKER,
    Component,
    WorkloadIdentity,
)
from conventions.executors import WORKER_SET
from conventions.labels import CLIENT_ID_ANNOTATION, USES_WORKLOAD_IDENTITY
from conventions.sizes import SIDECAR
from environments.airflow import Airflow
from environments.model import Environment
from helm_values.airflow.database import UNASKED
from helm_values.cluster.priority import CORE
from helm_values.cluster.resources import resources
from helm_values.cluster.spread import spread
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values, at, merged

USER = 50000  # the image's user; its group 0 lets it write below /opt/airflow

POD = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": 0,
    "fsGroup": 0,
    "fsGroupChangePolicy": "OnRootMismatch",
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
# Tasks are users' code, which writes to its working folder; the pod ends with the task.
TASK_CONTAINER = {**CONTAINER, "readOnlyRootFilesystem": False}

# One pod at a time, as the chart has it; but pods that never get ready do not hold up a drain,
# which by Kubernetes' default they do.
BUDGET = {"enabled": True, "config": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}}


def pod_values(env: Environment, infra: Infrastructure) -> Values:
    """Return what all pods share, and each component's own."""
    identities = infra.identities
    return merged(
        {
            "labels": dict([USES_WORKLOAD_IDENTITY]),
            "revisionHistoryLimit": 3,
            "securityContexts": {"pod": POD, "containers": CONTAINER},
            "priorityClasses": [
                {"name": "core", "value": CORE},
                # as a pod without a class, so that it takes the place of nothing but kept room
                {"name": "task", "value": 0},
            ],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        },
        *(_long_running(env.airflow, each, identities[each]) for each in LONG_RUNNING),
        _api_server(env.airflow),
        at(SCHEDULER.chart_key, {"replicas": env.airflow.scheduler_replicas}),
        at(DAG_PROCESSOR.chart_key, {"replicas": env.airflow.dag_processor_replicas}),
        at(TRIGGERER.chart_key, {"replicas": env.airflow.triggerer_replicas}),
        _without_kubernetes_access(DAG_PROCESSOR.chart_key, "statsd"),
        # Logs go to Blob storage: nothing is kept in a volume.
        at(TRIGGERER.chart_key, {"persistence": {"enabled": False}}),
        at("createUserJob", {"serviceAccount": {"create": False}}),
        _workers(env, identities[WORKER]),
        _statsd(),
    )


def _long_running(airflow: Airflow, component: Component, identity: WorkloadIdentity) -> Values:
    values: Values = {
        "serviceAccount": _annotated(identity),
        "resources": resources(airflow.resources.of(component)),
        "priorityClassName": "airflow-core",
        "podDisruptionBudget": BUDGET,
        "topologySpreadConstraints": _spreads(component),
    }
    if component != API_SERVER:  # the one that keeps no log files
        groomer: Values = {"retentionDays": 3, "resources": resources(SIDECAR), "env": UNASKED}
        values["logGroomerSidecar"] = groomer
    return at(component.chart_key, values)


def _api_server(airflow: Airflow) -> Values:
    fewest, most = airflow.api_server_replicas, airflow.api_server_max_replicas
    values: Values = {
        # The API server logs requests to standard output, and makes the folder at its start.
        "extraVolumes": [{"name": "logs", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "logs", "mountPath": "/opt/airflow/logs"}],
    }
    if most == fewest:
        values["replicas"] = fewest
    else:
        values["hpa"] = {
            "enabled": True,
            "minReplicaCount": fewest,
            "maxReplicaCount": most,
            "metrics": [_cpu(70)],
        }
    # Kubernetes adds servers; a pod that forks more of them would hide its load from the HPA.
    return merged(at(API_SERVER.chart_key, values), at("config.api", {"workers": "1"}))


def _workers(env: Environment, identity: WorkloadIdentity) -> Values:
    airflow = env.airflow
    name = {"name": WORKER.service_account.name}
    # Both kinds are one account, which is one identity; the chart makes it where it is told to.
    made = {"serviceAccount": {**name, "create": True, **_annotated(identity)}}
    named = {"serviceAccount": {**name, "create": False}}
    shared: Values = {
        "priorityClassName": "airflow-task",
        "securityContexts": {"container": TASK_CONTAINER},
    }
    values: Values = {}
    if airflow.runs_workers:
        values["celery"] = {
            **shared,
            **made,
            "resources": resources(airflow.resources.of_celery_worker),
            # The loss of one spot node must not take every worker.
            "topologySpreadConstraints": spread(
                {"tier": "airflow", "component": WORKER.label, "worker-set": WORKER_SET}
            ),
        }
    else:
        values |= named  # else the chart makes that of Celery's workers too, of the same name
    if airflow.runs_pods:
        account = named if airflow.runs_workers else made
        size = resources(airflow.resources.of(WORKER))
        values["kubernetes"] = {**shared, **account, "resources": size, "env": UNASKED}
    return at("workers", values)


def _statsd() -> Values:
    return at(
        "statsd",
        {
            "priorityClassName": "airflow-core",
            "resources": resources(SIDECAR),
            "securityContexts": {
                "pod": {
                    "runAsNonRoot": True,
                    "runAsUser": 65534,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "container": CONTAINER,
            },
        },
    )


def _without_kubernetes_access(*keys: str) -> Values:
    off = {"serviceAccount": {"automountServiceAccountToken": False}}
    return merged(*(at(key, off) for key in keys))


def _annotated(identity: WorkloadIdentity) -> Values:
    return {"annotations": {CLIENT_ID_ANNOTATION: identity.client_id}}


def _spreads(component: Component) -> list[Values]:
    return spread({"tier": "airflow", "component": component.label})


def _cpu(percent: int) -> Values:
    return {
        "type": "Resource",
        "resource": {
            "name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": percent},
        },
    }
