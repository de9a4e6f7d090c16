"""The settings of the sign-in, read once from the environment of the API server's container."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from uuid import UUID

TENANT_ID = "ENTRA_TENANT_ID"
CLIENT_ID = "ENTRA_CLIENT_ID"
AUTHORITY = "ENTRA_AUTHORITY"
CLIENT_SECRET_FILE = "ENTRA_CLIENT_SECRET_FILE"
SUPPORT_CONTACT = "ENTRA_SUPPORT_CONTACT"
ROLES = "ENTRA_ROLES"
FEDERATED_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # the workload identity webhook sets it

OF_AIRFLOW = ("Admin", "Op", "User", "Viewer")

PUBLIC_CLOUD = "https://login.microsoftonline.com"


class SettingsError(Exception):
    """Settings are missing or wrong; the message names each variable and what it must hold."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Which Entra application signs users in, and how Airflow proves that it is that application.

    Attributes:
        tenant_id: the directory's GUID. A shared authority such as `common` is refused: its keys
            sign tokens for every tenant, so that the issuer could not be checked.
        client_id: the application's GUID, the audience of every accepted token.
        authority: `https://` and the host of the cloud's sign-in service, public or sovereign.
        federated_token_file: the service account's token, when no client secret is used.
        client_secret_file: a secret mounted from Key Vault; it wins over the federated token.
        support_contact: whom users shall ask, as shown on the pages they see.
        roles: the application's app roles, by their value, and the Airflow roles that they give.
    """

    tenant_id: str
    client_id: str
    authority: str
    federated_token_file: Path | None
    client_secret_file: Path | None
    support_contact: str
    roles: dict[str, list[str]]

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Return the settings that the variables hold.

        Raises:
            SettingsError: something is missing or wrong; all problems are reported together.
        """
        problems: list[str] = []
        settings = cls(
            tenant_id=_guid(environ, TENANT_ID, "the directory (tenant) ID", problems),
            client_id=_guid(environ, CLIENT_ID, "the application (client) ID", problems),
            authority=_authority(environ, problems),
            federated_token_file=_file(environ, FEDERATED_TOKEN_FILE, problems),
            client_secret_file=_file(environ, CLIENT_SECRET_FILE, problems),
            support_contact=environ.get(SUPPORT_CONTACT, "").strip()
            or "the team that runs this Airflow",
            roles=_roles(environ, problems),
        )
        if not (environ.get(FEDERATED_TOKEN_FILE) or environ.get(CLIENT_SECRET_FILE)):
            problems.append(
                f"{FEDERATED_TOKEN_FILE} is not set: give the pod the label "
                "azure.workload.identity/use=true to sign in without a client secret, or set "
                f"{CLIENT_SECRET_FILE} to the path of a secret mounted from Key Vault"
            )
        if problems:
            raise SettingsError(
                "Entra ID sign-in is not configured:\n" + "\n".join(f"- {p}" for p in problems)
            )
        return settings

    @property
    def issuer(self) -> str:
        """The one issuer whose tokens are accepted."""
        return f"{self.authority}/{self.tenant_id}/v2.0"


def _guid(environ: Mapping[str, str], name: str, what: str, problems: list[str]) -> str:
    value = environ.get(name, "").strip()
    try:
        return str(UUID(value))
    except ValueError:
        found = f"is {value!r}" if value else "is not set"
        problems.append(f"{name} {found}: it must be {what}, a GUID")
        return ""


def _authority(environ: Mapping[str, str], problems: list[str]) -> str:
    value = environ.get(AUTHORITY, "").strip().rstrip("/") or PUBLIC_CLOUD
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.path or parts.query:
        problems.append(
            f"{AUTHORITY} is {value!r}: it must be https:// and a host, "
            f"for example {PUBLIC_CLOUD} or https://login.microsoftonline.us"
        )
    return value


def _roles(environ: Mapping[str, str], problems: list[str]) -> dict[str, list[str]]:
    """Return what each app role gives: by default `Airflow.<role>` gives the role of that name."""
    text = environ.get(ROLES, "").strip()
    if not text:
        return {f"Airflow.{role}": [role] for role in OF_AIRFLOW}
    try:
        given = json.loads(text)
        known = {str(value): [role] for value, role in given.items() if role in OF_AIRFLOW}
    except (ValueError, AttributeError, TypeError):
        known = {}
    if sorted(role for (role,) in known.values()) != sorted(OF_AIRFLOW):
        problems.append(
            f"{ROLES} is {text!r}: it must be a JSON object that gives each of "
            f"{', '.join(OF_AIRFLOW)} to one app role"
        )
    return known


def _file(environ: Mapping[str, str], name: str, problems: list[str]) -> Path | None:
    value = environ.get(name, "")
    if value and not Path(value).is_file():
        problems.append(f"{name} is {value!r}: there is no such file")
    return Path(value) if value else None
