"""Writes a connection or a variable into Key Vault: `python -m airflow_azure.put_secret ...`.

The value comes on standard input, or is asked for without an echo; it is never an argument, which
every user of the machine can read. What is no connection is refused before it is sent.

Exit status: 0 written, 1 not written, 2 wrong arguments or value.
"""

import getpass
import json
import os
import re
import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer
from azure.core.exceptions import AzureError, HttpResponseError
from azure.keyvault.secrets import SecretClient

from airflow_azure.given_token import GivenToken, command

TOKEN = "VAULT_ACCESS_TOKEN"
RESOURCE = "https://vault.azure.net"
# Airflow's backend makes - of each _; Key Vault knows no other characters
NAME = re.compile(r"[0-9A-Za-z_-]{1,100}")


def main(
    vault: Annotated[str, typer.Option(help="Name of the Key Vault.")],
    connection: Annotated[str, typer.Option(help="Id of a connection.")] = "",
    variable: Annotated[str, typer.Option(help="Key of a variable.")] = "",
) -> None:
    """Write a connection or a variable; the token is read from VAULT_ACCESS_TOKEN."""
    kind, name = ("connection", connection) if connection else ("variable", variable)
    if bool(connection) == bool(variable):
        raise _failed("name one thing: a connection or a variable", 2)
    if not NAME.fullmatch(name):
        raise _failed(f"{name!r} cannot be a secret's name: letters, digits, _ and - only", 2)
    if not re.fullmatch(r"[A-Za-z][0-9A-Za-z-]{2,23}", vault):
        raise _failed(
            f"{vault!r} is not the name of a Key Vault; the platform team knows it: output "
            "dag_vault_name or team_vaults_<team>_name of the data stack",
            2,
        )
    token = os.environ.get(TOKEN)
    if not token:
        raise _failed(f"{TOKEN} is not set; sign in: az login, then {command(TOKEN, RESOURCE)}", 2)
    value = _value(kind, name)
    if wrong := _fault(kind, value):
        raise _failed(f"{kind} {name}: {wrong}", 2)
    secret = f"airflow-{kind}s-{name.replace('_', '-')}"
    client = SecretClient(f"https://{vault}.vault.azure.net", GivenToken(token), retry_total=2)
    try:
        client.set_secret(secret, value, tags={"airflow-id": name})
    except AzureError as error:
        text = f"secret {secret} in {vault}: {str(error).splitlines()[0]}"
        if isinstance(error, HttpResponseError) and error.status_code in (401, 403):
            text += "; you must be in the group that owns the vault, and inside its network"
        else:
            text += "; the vault is reached from inside its network only: VPN, or the jump host"
        raise _failed(text, 1) from error
    typer.echo(f"{kind} {name} is in {vault}; tasks read the new value within a minute")


def _value(kind: str, name: str) -> str:
    if sys.stdin.isatty():
        form = "JSON or URI" if kind == "connection" else "text"
        return getpass.getpass(f"value of {kind} {name} ({form}, not shown): ")
    return sys.stdin.read().removesuffix("\n")


def _fault(kind: str, value: str) -> str:
    """Return what is wrong with a value, without a character of it; "" when it is right."""
    if not value:
        return "the value is empty"
    if len(value.encode()) > 25_000:
        return "longer than 25 kB, which is the most that Key Vault keeps"
    if kind == "variable":
        return ""
    if not value.lstrip().startswith("{"):
        known = "://" in value and urlsplit(value).scheme
        return "" if known else f"neither JSON nor a URI; {_EXAMPLE}"
    try:
        fields = json.loads(value)
    except ValueError as error:
        where = getattr(error, "colno", None)
        return f"no JSON, at character {where}; {_EXAMPLE}"
    return "" if fields.get("conn_type") else f"it has no conn_type; {_EXAMPLE}"


_EXAMPLE = (
    'for example {"conn_type": "postgres", "host": "shop.example.com", "login": "etl", '
    '"password": "..."}'
)


def _failed(text: str, status: int) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(status)


if __name__ == "__main__":
    typer.run(main)
