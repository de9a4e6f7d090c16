"""Airflow connections that an environment has from the start: none holds a secret.

They come as environment variables, so that Airflow needs no database to find them, and a connection
made by hand in the user interface never hides one of them.
"""

import json

from conventions.components import WORKER
from conventions.databases import SERVER_PORT
from conventions.service_accounts import TASKS_NAMESPACE
from environments.model import Environment
from helm_values.airflow.dags import BY_IDENTITY
from helm_values.airflow.database import ROOTS
from helm_values.airflow.placement import for_tasks
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values, merged


def connection_values(env: Environment, infra: Infrastructure) -> Values:
    """Return the connections to the data lake, and for tasks the one to the warehouse."""
    return merged(
        {
            "env": [
                _variable("wasb_default", {"conn_type": "wasb", "host": _blob_host(infra)}),
                _variable("data_lake", _data_lake(infra)),
                *_git(env),
            ]
        },
        for_tasks(
            env,
            {
                "env": [
                    _variable("azure_default", _workload_identity()),
                    _variable("warehouse", _warehouse(infra)),
                    _variable("kubernetes_default", _kubernetes()),
                ]
            },
        ),
    )


def _git(env: Environment) -> list[Values]:
    """Return the connection of a repository that an identity signs in to: it has only a type."""
    git = env.airflow.git
    return [_variable(BY_IDENTITY, {"conn_type": "git"})] if git and git.identity else []


def _blob_host(infra: Infrastructure) -> str:
    return f"{infra.storage_account_name}.blob.core.windows.net"


def _data_lake(infra: Infrastructure) -> Values:
    """Return a connection: Blob hooks read its host, `ObjectStoragePath("abfs://")` its extras."""
    extra = {"account_name": infra.storage_account_name, "anon": False}
    return {"conn_type": "wasb", "host": _blob_host(infra), "extra": extra}


def _workload_identity() -> Values:
    extra = {"use_azure_identity_object": True}
    return {"conn_type": "azure", "extra": extra}


def _warehouse(infra: Infrastructure) -> Values:
    return {
        "conn_type": "postgres",
        "host": infra.postgres_host,
        "port": SERVER_PORT,
        "login": infra.identities[WORKER].name,
        "schema": infra.warehouse_database,
        "extra": {
            "iam": True,
            "azure_conn_id": "azure_default",
            # A token that the wrong server is given is good for an hour on the right one
            "sslmode": "verify-full",
            "sslrootcert": ROOTS,
        },
    }


def _kubernetes() -> Values:
    """Return the connection of KubernetesPodOperator, with a namespace apart from Airflow's own."""
    return {"conn_type": "kubernetes", "extra": {"in_cluster": True, "namespace": TASKS_NAMESPACE}}


def _variable(name: str, connection: Values) -> Values:
    return {"name": f"AIRFLOW_CONN_{name.upper()}", "value": json.dumps(connection)}
