"""A real PostgreSQL that takes only the tokens that were issued for it, over TLS."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_kubernetes.control_plane import running
from local_kubernetes.server import wait_until

from tools.cluster.deployment import Deployment
from tools.cluster.identities import DATABASE, Identity

# Azure's own way: the token is the password, inside TLS. The superuser comes by the socket alone.
ACCESS = """
local   all postgres trust
hostssl all all all password
"""
# Azure's function ("Manage Microsoft Entra roles"); what else it does there, nothing here checks
PRINCIPALS = """
CREATE FUNCTION pgaadauth_create_principal(name text, admin boolean, mfa boolean)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN EXECUTE format('CREATE ROLE %I LOGIN', name); RETURN name; END $$
"""


class DatabaseError(Exception):
    """PostgreSQL is not installed, or refused a statement; the message says which."""


@dataclass(frozen=True)
class Database:
    """The running server."""

    socket: Path
    port: int

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the superuser; return what it prints.

        Raises:
            DatabaseError: the server refused.
        """
        command = [
            "psql",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            str(self.socket),
            "-p",
            str(self.port),
        ]
        command += ["-U", "postgres", "-d", database, "-f", "-"]
        done = subprocess.run(command, input=statement, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DatabaseError(done.stderr.strip())
        return done.stdout.strip()

    def take(self, identity: Identity, scope: str, token: str) -> None:
        """Make a token the password of its identity's role, if its scope is Azure's databases."""
        if scope == DATABASE:
            name = identity.name
            self.sql(
                f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN "
                f"ALTER ROLE \"{name}\" PASSWORD '{token}'; END IF; END $$"
            )

    def cut(self, role: str) -> int:
        """End the connections of roles LIKE a pattern, as a failover does; return how many."""
        ended = self.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            f"WHERE usename LIKE '{role}'"
        )
        return int(ended)


@contextmanager
def database(
    deployment: Deployment, address: str, port: int, certificate: Path, key: Path
) -> Iterator[Database]:
    """Run a server with the databases and the administrator of a deployment.

    Args:
        deployment: what Terraform made.
        address: where it listens.
        port: where it listens, as does its socket.
        certificate: that it shows.
        key: of the certificate.

    Raises:
        DatabaseError: PostgreSQL is not installed.
    """
    programs = _programs()
    user = "postgres" if "postgres:" in Path("/etc/passwd").read_text() else "nobody"
    with tempfile.TemporaryDirectory(prefix="room-database-") as scratch:
        folder = Path(scratch)
        for source, name in ((certificate, "certificate.pem"), (key, "key.pem")):
            shutil.copy(source, folder / name)
            (folder / name).chmod(0o600)
        shutil.chown(folder, user)
        for file in folder.iterdir():
            shutil.chown(file, user)
        alone = ["setpriv", f"--reuid={user}", "--clear-groups"] if os.geteuid() == 0 else []
        data = folder / "data"
        made = [*alone, str(programs / "initdb"), "-D", str(data), "-U", "postgres", "--no-sync"]
        subprocess.run(
            [*made, "--auth=trust", "--encoding=UTF8", "--locale=C"],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        (data / "pg_hba.conf").write_text(ACCESS)
        settings = {
            "listen_addresses": address,
            "port": str(port),
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "max_connections": "300",
            "ssl": "on",
            "ssl_cert_file": str(folder / "certificate.pem"),
            "ssl_key_file": str(folder / "key.pem"),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        serve = [*alone, str(programs / "postgres"), "-D", str(data), *options]
        server = Database(folder, port)
        with running(serve, folder / "server.log"):
            wait_until(lambda: _answers(server), "PostgreSQL", 60)
            _fill(server, deployment)
            yield server


def _fill(server: Database, deployment: Deployment) -> None:
    server.sql(PRINCIPALS)
    administrators = deployment.of_type(
        "azurerm_postgresql_flexible_server_active_directory_administrator"
    )
    names = [each["principal_name"] for each in administrators]
    server.sql("CREATE ROLE azure_pg_admin CREATEROLE CREATEDB")
    for name in names:
        server.sql(f'CREATE ROLE "{name}" LOGIN CREATEROLE CREATEDB IN ROLE azure_pg_admin')
    for each in deployment.of_type("azurerm_postgresql_flexible_server_database"):
        server.sql(f'CREATE DATABASE "{each["name"]}" OWNER azure_pg_admin')


def _answers(server: Database) -> bool:
    try:
        return server.sql("SELECT 1") == "1"
    except DatabaseError:
        return False


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise DatabaseError("PostgreSQL's server is missing: apt-get install postgresql")
    return (found[0] if found else Path(str(on_path))).parent
