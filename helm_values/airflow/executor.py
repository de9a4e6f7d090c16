"""The executors: a pod for each task, Celery's workers with their queue and scaling, or both."""

from conventions.components import SCHEDULER, WORKER
from conventions.databases import SERVER_PORT
from conventions.executors import WORKER_SET, WORKERS
from conventions.patience import API_PAUSE_SECONDS, API_TRIES, WORKER_GRACE_SECONDS
from conventions.sizes import SIDECAR
from conventions.vault_secrets import REDIS_PASSWORD
from environments.airflow import Airflow
from environments.model import Environment
from helm_values.airflow.database import UNASKED
from helm_values.airflow.pods import BUDGET, CONTAINER
from helm_values.airflow.probes import PATIENCE
from helm_values.airflow.secrets import VARIABLES
from helm_values.charts import AIRFLOW
from helm_values.cluster.resources import resources
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values, at, merged

REDIS_USER = 999  # of the official image
WORKERS_NAME = f"{AIRFLOW.name}-{WORKER.label}-{WORKER_SET}"
"""Of the workers' Deployment, and of what scales it."""


# Kubernetes takes any worker, a busy one too: so one at a time, after ten quiet minutes. Its own
# default takes all that are too many at once, after five. (KEDA's cooldownPeriod is about the way
# to zero pods alone.)
_SCALE_IN = {
    "scaleDown": {
        "stabilizationWindowSeconds": 600,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
    }
}

# KEDA's own label of an autoscaler's metric, and its way to take over an autoscaler that is there
# ("Transfer ownership of an existing HPA", KEDA's page "Scaling Deployments")
_OWNER = "scaledobject.keda.sh/name"
_TAKES_OVER = "scaledobject.keda.sh/transfer-hpa-ownership"
_A_WORKER = "1"  # the query counts the workers that are needed

# A pod that is evicted is told to end, and Airflow ends its task at once. Kubernetes tells it only
# when this hook is over, or the time; the container and the hook end with the task ("Container
# Lifecycle Hooks"). The executor takes such a pod for one that runs, until it is gone. Whoever
# stops a task by hand does not wait: it hears of it from the API server.
_TASKS_END = {
    "terminationGracePeriodSeconds": WORKER_GRACE_SECONDS,
    "containerLifecycleHooks": {
        "preStop": {"exec": {"command": ["sleep", str(WORKER_GRACE_SECONDS)]}}
    },
}


def executor_values(env: Environment) -> Values:
    """Return the executors and, for Celery, its broker and its workers."""
    shared: Values = {
        "executor": ",".join(env.airflow.executors),
        "config": {
            "core": {"parallelism": str(env.airflow.parallelism)},
            "workers": {
                "execution_api_retries": str(API_TRIES),
                "execution_api_retry_wait_max": str(API_PAUSE_SECONDS),
            },
        },
        # Without a name the chart makes a Secret with a broker's address, whatever the executor.
        "data": {"brokerUrlSecretName": REDIS_PASSWORD.name},
    }
    if env.airflow.runs_pods:
        shared = merged(shared, at("workers.kubernetes", _TASKS_END))
    if env.airflow.runs_workers:
        return merged(shared, _celery(env.airflow))
    return merged(shared, {"redis": {"enabled": False}})


def _celery(airflow: Airflow) -> Values:
    # Kubernetes puts the password in: the variable that holds it stands before these in the list.
    password = VARIABLES[REDIS_PASSWORD]
    address = f"redis://:$({password})@{AIRFLOW.name}-redis:6379"
    queue = [
        {"name": "AIRFLOW__CELERY__BROKER_URL", "value": f"{address}/0"},
        {"name": "AIRFLOW__CELERY__RESULT_BACKEND", "value": f"{address}/1"},
    ]
    return {
        "config": {"celery": {"worker_concurrency": airflow.celery_tasks_per_worker}},
        "enableBuiltInSecretEnvVars": {
            "AIRFLOW__CELERY__BROKER_URL": False,
            "AIRFLOW__CELERY__RESULT_BACKEND": False,
        },
        "scheduler": {"env": queue},
        "workers": {
            "celery": {
                "enableDefault": False,
                "sets": [{"name": WORKER_SET}],
                "hpa": _autoscaler(airflow),
                "env": [*queue, *UNASKED],
                # told to end (KEDA, a drain), it takes no more tasks and finishes its own
                "terminationGracePeriodSeconds": WORKER_GRACE_SECONDS,
                "persistence": {"enabled": False},
                # Celery's ping shows that it takes tasks; whoever sends it imports Airflow first
                "livenessProbe": PATIENCE,
                # Of workers the chart forgets its own number as soon as another key is given.
                "podDisruptionBudget": merged(BUDGET, at("config", {"maxUnavailable": 1})),
                "logGroomerSidecar": {"resources": resources(SIDECAR), "env": UNASKED},
                # It would ask the database, and workers have no access to it.
                "waitForMigrations": {"enabled": False},
            }
        },
        "redis": {
            "passwordSecretName": REDIS_PASSWORD.name,
            "priorityClassName": "airflow-core",
            "resources": resources(SIDECAR),
            "serviceAccount": {"automountServiceAccountToken": False},
            "securityContexts": {
                "pod": {
                    "runAsNonRoot": True,
                    "runAsUser": REDIS_USER,
                    "runAsGroup": REDIS_USER,
                    "fsGroup": REDIS_USER,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "container": CONTAINER,
            },
        },
    }


def _autoscaler(airflow: Airflow) -> Values:
    """Return the chart's autoscaler as KEDA makes its own, which `worker_scaling` hands over to it.

    Only beside an autoscaler, or a ScaledObject of its own, the chart leaves out the number of
    workers. With the number Helm would take the workers down to it at every upgrade, busy ones too.
    """
    metric = {"name": "s0-postgresql", "selector": {"matchLabels": {_OWNER: WORKERS_NAME}}}
    target = {"type": "AverageValue", "averageValue": _A_WORKER}
    return {
        "enabled": True,
        "minReplicaCount": airflow.celery_min_workers,
        "maxReplicaCount": airflow.celery_max_workers,
        "metrics": [{"type": "External", "external": {"metric": metric, "target": target}}],
        "behavior": _SCALE_IN,
    }


def worker_scaling(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return the objects that let KEDA scale Celery's workers by queued and running tasks.

    The chart's own ScaledObject needs a password for the database. This one signs in as the
    scheduler by workload identity, which KEDA does on the server's own port only ("PostgreSQL"
    scaler, KEDA). KEDA is AKS's add-on; its account is kube-system/keda-operator.
    """
    if not env.airflow.runs_workers:
        return []
    metadata = {"name": WORKERS_NAME, "namespace": AIRFLOW.namespace}
    identity = infra.identities[SCHEDULER]
    trigger = {
        "type": "postgresql",
        "authenticationRef": {"name": WORKERS_NAME},
        "metadata": {
            "host": infra.postgres_host,
            "port": str(SERVER_PORT),
            "userName": identity.name,
            "dbName": infra.airflow_database,
            "sslmode": "require",
            "query": _workers_needed(env.airflow),
            "targetQueryValue": _A_WORKER,
        },
    }
    return [
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "TriggerAuthentication",
            "metadata": metadata,
            "spec": {
                "podIdentity": {
                    "provider": "azure-workload",
                    "identityId": identity.client_id,
                    "identityTenantId": env.tenant_id,
                }
            },
        },
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": metadata | {"annotations": {_TAKES_OVER: "true"}},
            "spec": {
                "scaleTargetRef": {"name": WORKERS_NAME},
                # the first task of a quiet hour does not wait for a pod
                "minReplicaCount": env.airflow.celery_min_workers,
                "maxReplicaCount": env.airflow.celery_max_workers,
                "pollingInterval": 10,
                "advanced": {
                    "horizontalPodAutoscalerConfig": {"name": WORKERS_NAME, "behavior": _SCALE_IN}
                },
                "triggers": [trigger],
            },
        },
    ]


def _workers_needed(airflow: Airflow) -> str:
    """Return SQL for the number of workers that the queued and running tasks need.

    A task's row has the executor as its author wrote it, a class or its whole path; without one it
    runs in the first executor. The chart's own query counts the latter as Celery's, which is wrong
    where Celery is not the first.
    """
    named = f"executor LIKE '%{WORKERS}'"
    ours = f"(executor IS NULL OR {named})" if airflow.executors[0] == WORKERS else named
    return (
        f"SELECT ceil(COUNT(*)::decimal / {airflow.celery_tasks_per_worker}) FROM task_instance "
        f"WHERE state IN ('running', 'queued') AND queue = 'default' AND {ours}"
    )
