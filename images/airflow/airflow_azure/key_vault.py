"""Connections and variables of DAGs from Key Vault, for the API server and the triggerer.

Airflow itself asks a backend at each use, and takes each of its errors for "not there"
(`Connection.get_connection_from_secrets`). Here an answer holds for a minute, so that 500 tasks
that start together are one call, and a vault that cannot be asked is an error that says so.
"""

import logging
import os
import time
from collections.abc import Mapping
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

from airflow.providers.microsoft.azure.secrets.key_vault import AzureKeyVaultBackend
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied
from airflow.secrets import BaseSecretsBackend
from azure.core.exceptions import AzureError, HttpResponseError
from azure.keyvault.secrets import SecretClient
from fastapi import HTTPException, status

from airflow_azure.tokens import new_credential, one_line

FRESH_SECONDS = 60
STALE_SECONDS = 3600  # a vault that is away changes nothing for what was asked so lately
PAUSE_SECONDS = 10  # after a failure nobody waits for the vault again
MOST_KEPT = 2000
# the API server's own client waits 5 seconds: [workers] execution_api_timeout
PATIENCE: dict[str, Any] = {"retry_total": 1, "connection_timeout": 2, "read_timeout": 2}

log = logging.getLogger(__name__)


class SecretUnavailableError(AirflowSecretsBackendAccessDenied, HTTPException):
    """No answer from the vault, and why: Airflow passes it on instead of looking elsewhere.

    The API server's answer to a task is its status and its text. A task's client tries 503 again,
    for some minutes, and nothing else.
    """

    def __init__(self, message: str, *, passes: bool) -> None:
        AirflowSecretsBackendAccessDenied.__init__(self, message)
        self.passes = passes
        away, wrong = status.HTTP_503_SERVICE_UNAVAILABLE, status.HTTP_424_FAILED_DEPENDENCY
        HTTPException.__init__(self, away if passes else wrong, detail=message)

    def __str__(self) -> str:
        """Return the text alone."""
        return str(self.detail)


class _Vault(AzureKeyVaultBackend):
    """One vault, asked as the pod's identity, and left alone for a while when it is away."""

    def __init__(self, url: str) -> None:
        super().__init__(vault_url=url)
        self._away_until = 0.0
        self._reason = ""

    @cached_property
    def client(self) -> SecretClient:
        """The client of the vault, with short patience: a task waits behind it."""
        credential = new_credential(os.environ.get("AZURE_FEDERATED_TOKEN_FILE"))
        return SecretClient(self.vault_url, credential, **PATIENCE)

    def ask(self, kind: str, name: str) -> str | None:
        """Return what the vault has under the name, or None.

        Raises:
            SecretUnavailableError: it gave no answer.
        """
        if time.monotonic() < self._away_until:
            raise SecretUnavailableError(self._reason, passes=True)
        try:
            return self.get_conn_value(name) if kind == "connection" else self.get_variable(name)
        except (AzureError, ValueError, OSError) as error:
            refused = isinstance(error, HttpResponseError) and error.status_code in (401, 403)
            reason = f"Key Vault {self.vault_url} has no answer for {kind} {name!r}: "
            reason += f"{one_line(error)}. {_advice(error)}"
            if not refused:
                self._away_until, self._reason = time.monotonic() + PAUSE_SECONDS, reason
            raise SecretUnavailableError(reason, passes=not refused) from error


def _advice(error: Exception) -> str:
    code = error.status_code if isinstance(error, HttpResponseError) else None
    if code in (401, 403):
        return (
            "Check that the secret is enabled, that the identity has the role Key Vault Secrets "
            "User on the vault, and that the vault has its private endpoint"
        )
    if code == 429:
        return "It is throttled: others ask it too often"
    return "Check its private endpoint and the DNS record, and the pod's workload identity"


class _Kept(NamedTuple):
    value: str | None  # None: the vault has no such secret
    asked: float


class _Answers:
    """Answers by kind and name; one caller at a time asks for the same name."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._locks = [Lock() for _ in range(64)]

    def lock(self, key: tuple[str, str]) -> Lock:
        return self._locks[hash(key) % len(self._locks)]

    def younger_than(self, seconds: float, key: tuple[str, str]) -> _Kept | None:
        kept = self._kept.get(key)
        return kept if kept and time.monotonic() - kept.asked < seconds else None

    def keep(self, key: tuple[str, str], value: str | None) -> None:
        if len(self._kept) >= MOST_KEPT:  # a task that asks for thousands of names
            self._kept.clear()
        self._kept[key] = _Kept(value, time.monotonic())


class KeyVaultSecrets(BaseSecretsBackend):
    """Looks connections and variables up in the vault of all teams, or in a team's own.

    A name that begins with a team's, as `sales_data_shop`, lies in that team's vault if it has
    one: whoever writes there can define nothing for others. What an environment variable defines
    is not asked for: nobody with a vault can lead the platform's own connections elsewhere.

    Args:
        vaults: URL of the vault of each team that has one; "" is the vault of all others.
    """

    def __init__(self, vaults: Mapping[str, str]) -> None:
        super().__init__()
        # the longest first: a team sales-data and a team sales
        self._vaults = {
            team: _Vault(vaults[team]) for team in sorted(vaults, key=len, reverse=True)
        }
        self._answers = _Answers()

    def get_connection(self, conn_id: str, team_name: str | None = None) -> Any:
        """Return the connection, or None.

        Raises:
            SecretUnavailableError: there is no answer, or the secret is no connection.
        """
        try:
            return super().get_connection(conn_id, team_name)
        except SecretUnavailableError:
            raise
        except Exception as error:  # whatever Airflow's parsers raise; the text may hold the secret
            secret = AzureKeyVaultBackend.build_path("airflow-connections", conn_id)
            raise SecretUnavailableError(
                f"secret {secret} in {self._vault_of(conn_id).vault_url} is no connection "
                f"({type(error).__name__}): write JSON or a URI, "
                "https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html",
                passes=False,
            ) from None

    def deserialize_connection(self, conn_id: str, value: str) -> Any:
        """Return the connection; a password alone, which Airflow would take for a URI, is none."""
        if not value.lstrip().startswith("{") and "://" not in value:
            raise ValueError
        return super().deserialize_connection(conn_id, value)

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        """Return the connection as JSON or URI, or None."""
        return self._look_up("connection", "AIRFLOW_CONN_", conn_id)

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        """Return the variable's value, or None."""
        return self._look_up("variable", "AIRFLOW_VAR_", key)

    def _look_up(self, kind: str, prefix: str, name: str) -> str | None:
        if f"{prefix}{name.upper()}" in os.environ:
            return None  # Airflow's next backend has it
        key = (kind, name)
        with self._answers.lock(key):
            if fresh := self._answers.younger_than(FRESH_SECONDS, key):
                return fresh.value
            try:
                value = self._vault_of(name).ask(kind, name)
            except SecretUnavailableError as error:
                stale = self._answers.younger_than(STALE_SECONDS, key)
                if stale and error.passes:
                    log.warning("%s. Going on with the last answer", error)
                    return stale.value
                raise
            self._answers.keep(key, value)
            return value

    def _vault_of(self, name: str) -> _Vault:
        spelled = name.replace("_", "-").lower()  # for Key Vault, too, SALES is sales
        return next(
            vault
            for team, vault in self._vaults.items()
            if not team or spelled.startswith(f"{team}-")
        )
