"""The migrations of Airflow's database, and its nightly cleanup: Jobs of our own, apart.

Both run as the owner of the tables, who administers the server. In the chart's namespace whoever
may start a pod could start one as this account: so they are in another, where nobody of Airflow's
may start anything. And the release of the migrations has a time of its own: a long one is no failed
deployment.
"""

import json

from conventions.components import DAG_PROCESSOR, LONG_RUNNING, MIGRATIONS, TRIGGERER, WORKER
from conventions.databases import SERVER_PORT
from conventions.labels import CLIENT_ID_ANNOTATION, USES_WORKLOAD_IDENTITY
from conventions.service_accounts import MIGRATIONS_NAMESPACE
from environments.facts import max_connections
from environments.model import Environment
from helm_values.airflow.database import MIGRATIONS_SECONDS, TOKEN_SCOPE, address_variables
from helm_values.airflow.images import image
from helm_values.airflow.network_policies import PRIVATE
from helm_values.airflow.placement import core_placement
from helm_values.airflow.pods import CONTAINER, POD
from helm_values.airflow.settings import literal
from helm_values.airflow.sign_in import AUTH_MANAGER
from helm_values.cluster.network_rules import block, deny_all, dns, policy, to
from helm_values.cluster.priority import CLUSTER_SERVICE
from helm_values.cluster.resources import resources
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values

MIGRATIONS_TIMEOUT = MIGRATIONS_SECONDS + 120  # seconds that Helm waits: the Job ends before
CLEANUP = "database-cleanup"
# Airflow makes folders for logs at its start, and its configuration where it finds none
WRITABLE = {"tmp": "/tmp", "logs": "/opt/airflow/logs"}
# Airflow keeps these options in the database too, at each migration and each start. Components that
# run other people's code may not write them (`airflow_azure.rights`), so the migration has to.
KEPT_OPTIONS = (("logging", "log_filename_template"), ("elasticsearch", "log_id_template"))


def migration_values() -> Values:
    """Return the switch of the chart's own Job: off."""
    return {"migrateDatabaseJob": {"enabled": False}}


def migration_prerequisites(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return the account of the migrations, and whom its pods may reach."""
    account = MIGRATIONS.service_account
    database = to([block(str(env.network.postgres))], [("TCP", SERVER_PORT)])
    entra = to([block("0.0.0.0/0", PRIVATE)], [("TCP", 443)])
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": account.name,
                "namespace": account.namespace,
                "annotations": {CLIENT_ID_ANNOTATION: infra.identities[MIGRATIONS].client_id},
            },
            "automountServiceAccountToken": False,
        },
        deny_all(MIGRATIONS_NAMESPACE),
        policy(MIGRATIONS_NAMESPACE, "database", {}, ["Egress"], egress=[dns(), database, entra]),
    ]


def migration_objects(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return the Job that migrates, which Helm awaits, and the nightly cleanup.

    The cleanup makes tables and drops them, which only the owner of the schema may.
    """
    job = {
        "activeDeadlineSeconds": MIGRATIONS_SECONDS,
        "backoffLimit": 3,
        "template": _pod(env, infra, MIGRATIONS.label, _migrate(env, infra)),
    }
    clean = f"exec python -m airflow_azure.cleanup --days {env.airflow.database_retention_days}"
    cleanup = {"backoffLimit": 1, "template": _pod(env, infra, CLEANUP, clean)}
    return [
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": MIGRATIONS.label, "namespace": MIGRATIONS_NAMESPACE},
            "spec": job,
        },
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": CLEANUP, "namespace": MIGRATIONS_NAMESPACE},
            "spec": {
                "schedule": "0 0 * * *",
                "concurrencyPolicy": "Forbid",
                "jobTemplate": {"spec": cleanup},
            },
        },
    ]


def _migrate(env: Environment, infra: Infrastructure) -> str:
    """Migrate, then give the other identities their roles: only the owner of the tables can."""
    options = dict.fromkeys(LONG_RUNNING, "--component") | {
        DAG_PROCESSOR: "--dag-processor",
        TRIGGERER: "--triggerer",
        WORKER: "--worker",
    }
    roles = [f"{option} {infra.identities[who].name}" for who, option in options.items()]
    # tasks and Airflow share one server: whatever tasks do, half of it is left
    roles += [f"--worker-connections {max_connections(env.postgres.sku_name) // 2}"]
    roles += [f"--warehouse {infra.warehouse_database}"]
    steps = ["airflow db migrate"]
    if env.airflow.pools:
        # sets what is there, adds what is not, and leaves all others alone
        steps += ["printenv POOLS > /tmp/pools.json && airflow pools import /tmp/pools.json"]
    return " && ".join([*steps, f"exec python -m airflow_azure.roles {' '.join(roles)}"])


def _pod(env: Environment, infra: Infrastructure, name: str, command: str) -> Values:
    container = {
        "name": name,
        "image": image(env.airflow, infra),
        "args": ["bash", "-c", command],
        "env": _variables(env, infra),
        "resources": resources(env.airflow.resources.of(MIGRATIONS)),
        "securityContext": CONTAINER,
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in WRITABLE.items()],
    }
    return {
        "metadata": {"labels": {"component": name, **dict([USES_WORKLOAD_IDENTITY])}},
        "spec": {
            "serviceAccountName": MIGRATIONS.service_account.name,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            # those of the Airflow chart are not there before its first release
            "priorityClassName": CLUSTER_SERVICE,
            "securityContext": POD,
            **core_placement(env),
            "containers": [container],
            "volumes": [{"name": name, "emptyDir": {}} for name in WRITABLE],
        },
    }


def _variables(env: Environment, infra: Infrastructure) -> list[Values]:
    # The chart's airflow.cfg is in its own namespace; Airflow writes one where there is none.
    variables = {
        "AIRFLOW_CONFIG": "/tmp/airflow.cfg",  # the pod's own, its root is read-only
        "AIRFLOW__AZURE_POSTGRES__ENTRA_TOKEN_SCOPE": TOKEN_SCOPE,
        "AIRFLOW__CORE__AUTH_MANAGER": AUTH_MANAGER,  # its tables are migrated too
        "PYTHONUNBUFFERED": "1",
    }
    if pools := {name: pool.model_dump() for name, pool in env.airflow.pools.items()}:
        variables["POOLS"] = literal(json.dumps(pools))
    for section, option in KEPT_OPTIONS:
        if (value := env.airflow.config.get(section, {}).get(option)) is not None:
            variables[f"AIRFLOW__{section}__{option}".upper()] = literal(str(value))
    # A pooler that hands out a session per transaction loses the locks of a migration.
    address = address_variables(infra, infra.identities[MIGRATIONS].name, SERVER_PORT)
    return [*address, *({"name": key, "value": value} for key, value in variables.items())]
