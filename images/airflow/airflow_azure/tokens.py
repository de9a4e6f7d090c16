"""Passwords that change while Airflow runs: an Entra token, or a file that Key Vault fills."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential, WorkloadIdentityCredential

# azure-core's ten retries back off for minutes; Airflow itself retries a failed connection
RETRIES: dict[str, Any] = {"retry_total": 2, "connection_timeout": 5, "read_timeout": 10}


class PasswordUnavailableError(Exception):
    """No password can be had now; the message names the source, the reason and what to do."""


class PasswordSource(Protocol):
    """Gives the password that is right at the moment of the call."""

    def __call__(self) -> str:
        """Return the current password.

        Raises:
            PasswordUnavailableError: there is none.
        """


class EntraToken:
    """An Entra access token of the pod's identity, fetched again shortly before it expires.

    Entra tokens for Azure Database for PostgreSQL live 5 to 60 minutes, and the server checks them
    only at sign-in ("Microsoft Entra authentication with Azure Database for PostgreSQL").
    azure-identity keeps the token, refreshes it five minutes before its end, and goes on with the
    old one while a refresh fails; what it leaves to its users, threads and forks, is here.

    Args:
        scope: for example `https://ossrdbms-aad.database.windows.net/.default`; sovereign clouds
            have others.
        environ: where the workload identity webhook writes `AZURE_CLIENT_ID` and its like.
    """

    def __init__(self, scope: str, environ: Mapping[str, str]) -> None:
        self._scope = scope
        self._federated_token_file = environ.get("AZURE_FEDERATED_TOKEN_FILE")
        self._client_id = environ.get("AZURE_CLIENT_ID")
        self._forget()
        # a child must not share the parent's sockets, nor a lock that another thread holds
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._credential: TokenCredential | None = None

    def __call__(self) -> str:
        """Return the token, without a request while the kept one is good."""
        with self._lock:  # one request, however many threads connect at once
            try:
                self._credential = self._credential or new_credential(self._federated_token_file)
                return self._credential.get_token(self._scope).token
            except (AzureError, ValueError, OSError) as error:
                raise PasswordUnavailableError(
                    f"no Entra token for {self._scope} as {self._identity}: {one_line(error)}. "
                    "Check that the pod's service account is annotated with the client id, that "
                    "the pod is labelled azure.workload.identity/use=true, and that the identity "
                    "has a federated credential for exactly this service account and issuer"
                ) from error

    @property
    def _identity(self) -> str:
        client = f"client id {self._client_id}" if self._client_id else "no AZURE_CLIENT_ID"
        if self._federated_token_file:
            return f"workload identity ({client}, token file {self._federated_token_file})"
        return f"default Azure credential ({client}, no AZURE_FEDERATED_TOKEN_FILE)"


class PasswordFile:
    """A password that the Secrets Store CSI driver mounts and rotates, read at each use.

    The driver replaces the file when the secret gets a new version and its rotation poll is on
    ("Autorotation" of the Azure Key Vault provider).
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> str:
        """Return the file's first line."""
        try:
            password = self._path.read_text(encoding="utf-8").partition("\n")[0]
        except OSError as error:
            raise PasswordUnavailableError(
                f"cannot read the password file {self._path}: {error.strerror}. Check the pod's "
                "SecretProviderClass volume and that the identity may read the Key Vault secret"
            ) from error
        if not password:
            raise PasswordUnavailableError(
                f"the password file {self._path} is empty. Give the Key Vault secret a value"
            )
        return password


def new_credential(federated_token_file: str | None) -> TokenCredential:
    """Return a credential of short patience: the pod's identity, or what a developer has."""
    if federated_token_file:
        return WorkloadIdentityCredential(**RETRIES)
    return DefaultAzureCredential(**RETRIES)


def one_line(error: Exception) -> str:
    """Return the error's text without line breaks and without a full stop."""
    return " ".join(str(error).split()).rstrip(".")
