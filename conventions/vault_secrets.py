"""Secrets of Airflow that Terraform makes in Key Vault and the chart reads in Kubernetes."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VaultSecret:
    """A secret in Key Vault, and the Kubernetes Secret of the same name.

    Attributes:
        role: in Terraform, a part of state addresses.
        name: of both secrets.
        key: in the Kubernetes Secret; the chart reads it.
        length: characters to generate.
        fernet: whether the value must be the URL-safe base64 of 32 bytes.
    """

    role: str
    name: str
    key: str
    length: int
    fernet: bool = False


FERNET_KEY = VaultSecret(
    role="fernet_key", name="airflow-fernet-key", key="fernet-key", length=32, fernet=True
)
JWT_SECRET = VaultSecret(role="jwt_secret", name="airflow-jwt-secret", key="jwt-secret", length=64)
API_SECRET_KEY = VaultSecret(
    role="api_secret_key", name="airflow-api-secret-key", key="api-secret-key", length=64
)
REDIS_PASSWORD = VaultSecret(
    role="redis_password", name="airflow-redis-password", key="password", length=32
)

# The Kubernetes Secret of `[airflow.env_from_key_vault]`: what every pod of Airflow may read
SHARED_SECRET = "airflow-env"
