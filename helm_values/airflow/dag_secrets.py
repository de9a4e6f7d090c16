"""Where connections and variables of DAGs are looked up: in Key Vault, by two components alone.

Airflow asks a backend of `[secrets]` before its own database. By environment and never in the
shared airflow.cfg: a worker would ask the vault itself. What a task wants to know it asks the API
server, and a trigger its triggerer. The DAG processor has none: a secret that is read while a file
is parsed would be asked for every minute.
"""

import json

from conventions.components import API_SERVER, TRIGGERER
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values, at, merged

DAG_SECRET_READERS = (API_SERVER, TRIGGERER)
BACKEND = "airflow_azure.key_vault.KeyVaultSecrets"
# a task's way to the API server, with the reason when there is no answer
OF_TASKS = "airflow_azure.task_secrets.TaskSecrets"


def dag_secret_values(infra: Infrastructure) -> Values:
    """Return the backend of both components, and what tasks use instead."""
    vaults = {"": infra.dag_vault_name, **infra.team_vault_names}
    env = [
        {"name": "AIRFLOW__SECRETS__BACKEND", "value": BACKEND},
        {
            "name": "AIRFLOW__SECRETS__BACKEND_KWARGS",
            "value": json.dumps({"vaults": {team: _url(name) for team, name in vaults.items()}}),
        },
    ]
    return merged(
        {"config": {"workers": {"secrets_backend": OF_TASKS}}},
        *(at(component.chart_key, {"env": env}) for component in DAG_SECRET_READERS),
    )


def _url(vault_name: str) -> str:
    return f"https://{vault_name}.vault.azure.net/"
