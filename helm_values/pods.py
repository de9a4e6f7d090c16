"""How pods run: identity, rights, resources, priority, spread and disruption budgets."""

from typing import Literal

from environments.airflow import Airflow
from environments.model import Environment
from helm_values.infrastructure import (
    CHART_KEYS,
    LABELS,
    LONG_RUNNING,
    Component,
    Identity,
    Infrastructure,
)
from helm_values.merge import Values, at, merged
from helm_values.service_accounts import SERVICE_ACCOUNTS
from helm_values.spread import spread

_, WORKER_ACCOUNT = SERVICE_ACCOUNTS["worker"]
CLIENT_ID = "azure.workload.identity/client-id"
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

# Every 10 s: a node at its limit of CPU needs more than a minute to import Airflow, and a restart
# begins anew.
STARTUP_PROBES = 18

# One pod at a time, as the chart has it; but pods that never get ready do not hold up a drain,
# which by Kubernetes' default they do.
BUDGET = {"enabled": True, "config": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}}

Size = Literal["sidecar", "small", "medium", "large"]
# requests cpu, requests memory, limits cpu, limits memory
SIZES: dict[Size, tuple[str, str, str, str]] = {
    "sidecar": ("10m", "64Mi", "200m", "256Mi"),
    "small": ("100m", "512Mi", "1", "1Gi"),
    "medium": ("500m", "1Gi", "2", "2Gi"),
    "large": ("500m", "1536Mi", "2", "3Gi"),
}
COMPONENT_SIZES: dict[Component, Size] = {
    "api_server": "large",
    "scheduler": "medium",
    "dag_processor": "medium",
    "triggerer": "medium",
    "worker": "medium",
    "migrations": "small",
}


def pod_values(env: Environment, infra: Infrastructure) -> Values:
    """Return what all pods share, and each component's own."""
    identities = infra.identities
    return merged(
        {
            "labels": {"azure.workload.identity/use": "true"},
            "revisionHistoryLimit": 3,
            "securityContexts": {"pod": POD, "containers": CONTAINER},
            "priorityClasses": [
                {"name": "core", "value": 100_000},
                {"name": "task", "value": 1_000, "preemptionPolicy": "Never"},
            ],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        },
        *(_long_running(component, identities[component]) for component in LONG_RUNNING),
        _api_server(env.airflow),
        at("scheduler", {"replicas": env.airflow.scheduler_replicas}),
        at("dagProcessor", {"replicas": env.airflow.dag_processor_replicas}),
        at("triggerer", {"replicas": env.airflow.triggerer_replicas}),
        _without_kubernetes_access("dagProcessor", "migrateDatabaseJob", "statsd"),
        # Logs go to Blob storage: nothing is kept in a volume.
        at("triggerer", {"persistence": {"enabled": False}}),
        at("createUserJob", {"serviceAccount": {"create": False}}),
        _workers(env, identities["worker"]),
        _migrations(identities["migrations"]),
        at(
            "databaseCleanup",
            {"resources": resources("small"), "priorityClassName": "airflow-core"},
        ),
        _statsd(),
    )


def resources(size: Size) -> Values:
    """Return requests and limits of a container."""
    cpu, memory, cpu_limit, memory_limit = SIZES[size]
    return {
        "requests": {"cpu": cpu, "memory": memory},
        "limits": {"cpu": cpu_limit, "memory": memory_limit},
    }


def _long_running(component: Component, identity: Identity) -> Values:
    values: Values = {
        "serviceAccount": _annotated(identity),
        "resources": resources(COMPONENT_SIZES[component]),
        "priorityClassName": "airflow-core",
        "podDisruptionBudget": BUDGET,
        "topologySpreadConstraints": _spreads(component),
    }
    if component != "api_server":  # the one that keeps no log files
        values["logGroomerSidecar"] = {"retentionDays": 3, "resources": resources("sidecar")}
    if component in ("api_server", "scheduler"):  # the two that the chart gives a minute
        values["startupProbe"] = {"failureThreshold": STARTUP_PROBES}
    return at(CHART_KEYS[component], values)


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
    return merged(at("apiServer", values), at("config.api", {"workers": "1"}))


def _workers(env: Environment, identity: Identity) -> Values:
    account: Values = _annotated(identity)
    values: Values = {
        "serviceAccount": account,
        "resources": resources(COMPONENT_SIZES["worker"]),
        "priorityClassName": "airflow-task",
        "securityContexts": {"container": TASK_CONTAINER},
    }
    if env.airflow.executor == "CeleryExecutor":
        # The loss of one spot node must not take every worker.
        values["topologySpreadConstraints"] = _spreads("worker")
        return at("workers.celery", values)
    # The chart annotates the account of task pods only when it is told to make one for them. The
    # one of Celery's workers then would be made too, under the same name.
    account |= {"create": True, "name": WORKER_ACCOUNT}
    other = {"serviceAccount": {"create": False, "name": WORKER_ACCOUNT}}
    return at("workers", {"kubernetes": values, **other})


def _migrations(identity: Identity) -> Values:
    return at(
        "migrateDatabaseJob",
        {
            # As a hook it would start when the release is ready, which waits for it.
            "useHelmHooks": False,
            "applyCustomEnv": False,
            # A Job cannot change: the next upgrade needs this one gone.
            "ttlSecondsAfterFinished": 60,
            "serviceAccount": _annotated(identity),
            "resources": resources(COMPONENT_SIZES["migrations"]),
            "priorityClassName": "airflow-core",
        },
    ) | at("images", {"migrationsWaitTimeout": 600})


def _statsd() -> Values:
    return at(
        "statsd",
        {
            "priorityClassName": "airflow-core",
            "resources": resources("sidecar"),
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


def _annotated(identity: Identity) -> Values:
    return {"annotations": {CLIENT_ID: identity.client_id}}


def _spreads(component: Component) -> list[Values]:
    return spread({"tier": "airflow", "component": LABELS[component]})


def _cpu(percent: int) -> Values:
    return {
        "type": "Resource",
        "resource": {
            "name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": percent},
        },
    }
