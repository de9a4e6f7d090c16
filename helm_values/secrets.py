"""Secrets: from Key Vault by the Secrets Store CSI driver into the Secrets that the chart reads.

A Secret exists only while a pod mounts its SecretProviderClass ("Sync mounted content with a
Kubernetes Secret", Secrets Store CSI driver). So each component mounts what it reads, as its own
identity, and an init container that reads no Secret gives the driver the time to make them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from environments.airflow import Airflow
from environments.model import Environment
from helm_values.charts import AIRFLOW
from helm_values.infrastructure import CHART_KEYS, LABELS, Component, Infrastructure
from helm_values.key_vault import secret_provider_class, volume
from helm_values.merge import Values, at, merged


@dataclass(frozen=True)
class Secret:
    """A secret in Key Vault and the Kubernetes Secret of the same name; `key` is the chart's."""

    name: str
    key: str

    def variable(self, name: str) -> Values:
        """Return an environment variable that holds the secret."""
        return {
            "name": name,
            "valueFrom": {"secretKeyRef": {"name": self.name, "key": self.key}},
        }

    def object(self) -> Values:
        """Return the Kubernetes Secret that the driver makes of the mounted file."""
        data = [{"objectName": self.name, "key": self.key}]
        return {"secretName": self.name, "type": "Opaque", "data": data}


FERNET_KEY = Secret("airflow-fernet-key", "fernet-key")
JWT_SECRET = Secret("airflow-jwt-secret", "jwt-secret")
API_SECRET_KEY = Secret("airflow-api-secret-key", "api-secret-key")
REDIS_PASSWORD = Secret("airflow-redis-password", "password")

# The fernet key opens connections in the database; the API's key signs sessions and the requests
# for logs; the JWT secret signs the tokens of tasks. A task's pod has none of them.
READERS: Mapping[Component, tuple[Secret, ...]] = {
    "api_server": (FERNET_KEY, JWT_SECRET, API_SECRET_KEY),
    "scheduler": (FERNET_KEY, JWT_SECRET),
    "dag_processor": (FERNET_KEY,),
    "triggerer": (FERNET_KEY, API_SECRET_KEY),
}
# With Celery the scheduler also sends tasks, and workers fetch them and serve their logs.
CELERY_READERS: Mapping[Component, tuple[Secret, ...]] = {
    **READERS,
    "scheduler": (FERNET_KEY, JWT_SECRET, REDIS_PASSWORD),
    "worker": (API_SECRET_KEY, REDIS_PASSWORD),
}
# The chart itself passes the JWT secret to the two components that need it.
VARIABLES = {
    FERNET_KEY: "AIRFLOW__CORE__FERNET_KEY",
    API_SECRET_KEY: "AIRFLOW__API__SECRET_KEY",
    REDIS_PASSWORD: "AIRFLOW_REDIS_PASSWORD",
}


def readers(airflow: Airflow) -> Mapping[Component, tuple[Secret, ...]]:
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
        *(_reader(component, secrets) for component, secrets in readers(airflow).items()),
    )


def _reader(component: Component, secrets: tuple[Secret, ...]) -> Values:
    return at(
        CHART_KEYS.get(component, "workers.celery"),
        {
            "env": [s.variable(VARIABLES[s]) for s in secrets if s in VARIABLES],
            "extraVolumes": [volume(name="secrets", provider_class=provider_class(component))],
            "extraVolumeMounts": [
                {"name": "secrets", "mountPath": "/mnt/secrets", "readOnly": True}
            ],
        },
    )


def provider_class(component: Component) -> str:
    """Return the name of the component's SecretProviderClass."""
    return f"{AIRFLOW.name}-{LABELS[component]}"


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
            files={secret.name: secret.name for secret in secrets},
            secret_objects=[secret.object() for secret in secrets],
        )
        for component, secrets in readers(env.airflow).items()
    ]
