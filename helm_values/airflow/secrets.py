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
    VaultSecret,
)
from environments.airflow import Airflow
from environments.model import Environment
from helm_values.charts import AIRFLOW
from helm_values.cluster.secrets_store import secret_provider_class, volume
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values, at, merged

# The fernet key opens connections in the database; the API's key signs sessions and the requests
# for logs; the JWT secret signs the tokens of tasks. A task's pod has none of them.
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
    return CELERY_READERS if airflow.executor == "CeleryExecutor" else READERS


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
    )


def _reader(component: Component, secrets: tuple[VaultSecret, ...]) -> Values:
    return at(
        "workers.celery" if component == WORKER else component.chart_key,
        {
            "env": [_variable(s) for s in secrets if s in VARIABLES],
            "extraVolumes": [volume(name="secrets", provider_class=provider_class(component))],
            "extraVolumeMounts": [
                {"name": "secrets", "mountPath": SECRETS_FOLDER, "readOnly": True}
            ],
        },
    )


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


def provider_class(component: Component) -> str:
    """Return the name of the component's SecretProviderClass."""
    return f"{AIRFLOW.name}-{component.label}"


def secret_provider_classes(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return a SecretProviderClass for each component that reads secrets.

    One each, because the class names the identity that asks Key Vault.
    """
    return [
        secret_provider_class(
            name=provider_class(component),
            namespace=AIRFLOW.namespace,
            vault_name=infra.key_vault_name,
            tenant_id=env.tenant_id,
            client_id=infra.identities[component].client_id,
            files={
                name: name
                for name in (*(secret.name for secret in secrets), *_client_secret(env, component))
            },
            secret_objects=[_kubernetes_secret(secret) for secret in secrets],
        )
        for component, secrets in secret_readers(env.airflow).items()
    ]
