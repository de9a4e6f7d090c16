"""Secrets: from Key Vault by the Secrets Store CSI driver into the Secrets that the chart reads.

A Secret exists only while a pod mounts its SecretProviderClass ("Sync mounted content with a
Kubernetes Secret", Secrets Store CSI driver). So each component mounts what it reads, as its own
identity, and an init container that reads no Secret gives the driver the time to make them.
"""

from collections.abc import Mapping

from conventions.components import (
    API_SERVER,
    DAG_PROCESSOR,
    SCHEDULER,
    TRIGGERER,
    WORKER,
    Component,
)
from conventions.vault_secrets import (
    API_SECRET_KEY,
    FERNET_KEY,
    JWT_SECRET,
    REDIS_PASSWORD,
    SHARED_SECRET,
    VaultSecret,
)
from environments.airflow import Airflow
from environments.model import Environment
from helm_values.charts import AIRFLOW
from helm_values.cluster.secrets_store import secret_provider_class, volume
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values, at, merged

# The fernet key opens connections in the database; the API's key signs sessions and the requests
# for logs; the JWT secret signs the tokens of tasks. A pod that runs one task has none of them.
READERS: Mapping[Component, tuple[VaultSecret, ...]] = {
    API_SERVER: (FERNET_KEY, JWT_SECRET, API_SECRET_KEY),
    SCHEDULER: (FERNET_KEY, JWT_SECRET),
    DAG_PROCESSOR: (FERNET_KEY,),
    TRIGGERER: (FERNET_KEY, API_SECRET_KEY),
}
# With Celery the scheduler also sends tasks, and workers fetch them and serve their logs.
CELERY_READERS: Mapping[Component, tuple[VaultSecret, ...]] = {
    **READERS,
    SCHEDULER: (FERNET_KEY, JWT_SECRET, REDIS_PASSWORD),
    WORKER: (API_SECRET_KEY, REDIS_PASSWORD),
}
SECRETS_FOLDER = "/mnt/secrets"
# The chart itself passes the JWT secret to the two components that need it.
VARIABLES = {
    FERNET_KEY: "AIRFLOW__CORE__FERNET_KEY",
    API_SECRET_KEY: "AIRFLOW__API__SECRET_KEY",
    REDIS_PASSWORD: "AIRFLOW_REDIS_PASSWORD",
}


def secret_readers(airflow: Airflow) -> Mapping[Component, tuple[VaultSecret, ...]]:
    """Return which component reads which secrets."""
    return CELERY_READERS if airflow.runs_workers else READERS


def secret_values(airflow: Airflow) -> Values:
    """Return the names of the Secrets, and each component's mount and variables."""
    return merged(
        {
            "fernetKeySecretName": FERNET_KEY.name,
            "jwtSecretName": JWT_SECRET.name,
            "apiSecretKeySecretName": API_SECRET_KEY.name,
            # These would reach every pod of the release, tasks included.
            "enableBuiltInSecretEnvVars": {
                "AIRFLOW__CORE__FERNET_KEY": False,
                "AIRFLOW__API__SECRET_KEY": False,
            },
        },
        *(_reader(component, secrets) for component, secrets in secret_readers(airflow).items()),
        *(
            at(_chart_key(component), {"env": _shared_variables(airflow)})
            for component in secret_readers(airflow)
        ),
        # Pods of tasks mount no class: the Secret is there while the scheduler runs
        at("workers.kubernetes", {"env": _shared_variables(airflow)})
        if airflow.env_from_key_vault and airflow.runs_pods
        else {},
    )


def _reader(component: Component, secrets: tuple[VaultSecret, ...]) -> Values:
    return at(
        _chart_key(component),
        {
            "env": [_variable(s) for s in secrets if s in VARIABLES],
            "extraVolumes": [volume(name="secrets", provider_class=component.provider_class)],
            "extraVolumeMounts": [
                {"name": "secrets", "mountPath": SECRETS_FOLDER, "readOnly": True}
            ],
        },
    )


def _chart_key(component: Component) -> str:
    return "workers.celery" if component == WORKER else component.chart_key


def shared_secrets(airflow: Airflow) -> list[str]:
    """Return the secrets of the vault that all components read, each once."""
    return sorted(set(airflow.env_from_key_vault.values()))


def _shared_variables(airflow: Airflow) -> list[Values]:
    return [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": SHARED_SECRET, "key": secret}}}
        for name, secret in airflow.env_from_key_vault.items()
    ]


def _shared_secret(airflow: Airflow) -> list[Values]:
    data = [{"objectName": secret, "key": secret} for secret in shared_secrets(airflow)]
    return [{"secretName": SHARED_SECRET, "type": "Opaque", "data": data}] if data else []


def _variable(secret: VaultSecret) -> Values:
    reference = {"name": secret.name, "key": secret.key}
    return {"name": VARIABLES[secret], "valueFrom": {"secretKeyRef": reference}}


def _kubernetes_secret(secret: VaultSecret) -> Values:
    """Return the Secret that the driver makes of the mounted file."""
    data = [{"objectName": secret.name, "key": secret.key}]
    return {"secretName": secret.name, "type": "Opaque", "data": data}


def _client_secret(env: Environment, component: Component) -> list[str]:
    """The API server reads it as a file: it proves the Entra application at each sign-in."""
    name = env.single_sign_on.client_secret
    return [name] if name and component == API_SERVER else []


def secret_provider_classes(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return a SecretProviderClass for each component that reads secrets.

    One each, because the class names the identity that asks Key Vault.
    """
    return [
        secret_provider_class(
            name=component.provider_class,
            namespace=AIRFLOW.namespace,
            vault_name=infra.key_vault_name,
            tenant_id=env.tenant_id,
            client_id=infra.identities[component].client_id,
            files={
                name: name
                for name in (
                    *(secret.name for secret in secrets),
                    *_client_secret(env, component),
                    *shared_secrets(env.airflow),
                )
            },
            secret_objects=[
                *(_kubernetes_secret(secret) for secret in secrets),
                *_shared_secret(env.airflow),
            ],
        )
        for component, secrets in secret_readers(env.airflow).items()
    ]
