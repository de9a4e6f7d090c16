"""Airflow's metadata database without a password in its URL.

One listener gives each new connection to the metadata host the password of the moment: for the
sync and the async engine, migrations, FAB, and Celery's result backend alike.
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.configuration import AirflowConfigParser
from airflow.exceptions import AirflowConfigException

from airflow_azure import tls
from airflow_azure.tokens import (
    EntraToken,
    PasswordFile,
    PasswordSource,
    PasswordUnavailableError,
)

if TYPE_CHECKING:  # a task's process has no database, and imports none of it
    from sqlalchemy import URL
    from sqlalchemy.engine import Dialect

SECTION = "azure_postgres"


def sign_in(conf: AirflowConfigParser, environ: Mapping[str, str] = os.environ) -> None:
    """Do what the section `[azure_postgres]` of Airflow's configuration asks.

    `entra_token_scope` turns Entra sign-in on; `password_file` reads a password from a mounted
    file instead; with neither, Airflow connects as its URL says.

    Raises:
        AirflowConfigException: both are set, or the URL holds a password as well.
    """
    scope = conf.get(SECTION, "entra_token_scope", fallback="")
    file = conf.get(SECTION, "password_file", fallback="")
    if not scope and not file:
        return
    if scope and file:
        raise AirflowConfigException(
            f"[{SECTION}] entra_token_scope and password_file are both set; keep one of them"
        )
    conn = conf.get("database", "sql_alchemy_conn")
    if not conn.startswith("postgresql"):
        return  # a task's process: Airflow keeps the database's address from it
    from sqlalchemy import make_url

    url = make_url(conn)
    _check(url, "entra_token_scope" if scope else "password_file")
    listen(str(url.host), EntraToken(scope, environ) if scope else PasswordFile(Path(file)))


def _check(url: "URL", option: str) -> None:
    shown = url.render_as_string(hide_password=True)
    if not url.host or not url.username:
        raise AirflowConfigException(
            f"[database] sql_alchemy_conn is {shown}, and [{SECTION}] {option} needs its host "
            "and its user: postgresql://<user>@<server>.postgres.database.azure.com/<database>"
        )
    if url.password is not None:
        raise AirflowConfigException(
            f"[database] sql_alchemy_conn ({shown}) holds a password, and [{SECTION}] {option} "
            "is to give one; remove the password from the URL"
        )


def listen(host: str, password: PasswordSource) -> None:
    """Give every later PostgreSQL connection to `host` that brings no password the source's one.

    A connection without TLS is refused before the password is asked for: a token on an
    unencrypted wire is a token given away.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "do_connect")
    def connect(dialect: "Dialect", _record: object, _args: object, params: dict[str, Any]) -> None:
        if dialect.name != "postgresql" or "password" in params:
            return
        if str(params.get("host", "")).lower() != host.lower():
            return
        sslmode = params.setdefault("sslmode", "require")
        if sslmode not in tls.ENCRYPTED:
            raise _error(dialect, host, f"sslmode is {sslmode}, use one of {tls.ENCRYPTED}")
        if dialect.driver == "asyncpg":
            params["ssl"] = tls.context(params.pop("sslmode"), params.pop("sslrootcert", None))
            params["password"] = lambda: asyncio.to_thread(ask, dialect)
        else:
            params["password"] = ask(dialect)

    def ask(dialect: "Dialect") -> str:
        try:
            return password()
        except PasswordUnavailableError as unavailable:
            raise _error(dialect, host, str(unavailable)) from unavailable


def _error(dialect: "Dialect", host: str, reason: str) -> Exception:
    # the driver's own error type: Airflow retries it as it does a database that is away
    text = f"cannot sign in to PostgreSQL at {host}: {reason}"
    error: Exception = dialect.loaded_dbapi.OperationalError(text)
    return error
