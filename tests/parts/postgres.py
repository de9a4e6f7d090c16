"""A real PostgreSQL: open to the superuser, and to `airflow` with the password of the moment."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loopback_azure.certificates import CertificateFiles

from tests.parts.processes import free_port, running, wait_until
from tests.parts.skips import missing

# the one way Azure takes a token: as a plain password, inside TLS
ACCESS = """
local   all all trust
host    all postgres 127.0.0.1/32 trust
hostssl all all all password
"""


@dataclass(frozen=True)
class Postgres:
    """A server with the database and the role `airflow`; tests make more of both."""

    folder: Path
    port: int
    root_certificate: Path
    user = "postgres"

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database for the superuser, who needs no password."""
        return f"postgresql+psycopg2://{self.user}@127.0.0.1:{self.port}/{database}"

    def airflow_url(self, options: str = "sslmode=require", host: str = "localhost") -> str:
        """Return the role's connection URL to its database, which names no password."""
        return f"postgresql+psycopg2://airflow@{host}:{self.port}/airflow?{options}"

    def create(self, database: str, *, like: str = "template1") -> str:
        """Make a database, a copy of another that nobody is connected to; return its name."""
        self.sql(f'CREATE DATABASE "{database}" TEMPLATE "{like}"')
        return database

    def dump(self, database: str, file: Path) -> None:
        """Write a database into a file, for `load`."""
        self._client("pg_dump", database, "--no-owner", "--file", str(file))

    def load(self, database: str, file: Path, *, role: str = user) -> None:
        """Fill a new database with what `dump` wrote; all of it belongs to the role."""
        options = ("-Xq", "-v", "ON_ERROR_STOP=1", "--file", str(file))
        self._client("psql", database, *options, role=role)

    def query(self, database: str, statement: str) -> list[list[str]]:
        """Run a statement as the superuser, and return the rows as text."""
        options = ("-Xqt", "--csv", "-v", "ON_ERROR_STOP=1", "-c", statement)
        rows = self._client("psql", database, *options).splitlines()
        return [line.split(",") for line in rows]

    def _client(self, program: str, database: str, *options: str, role: str = user) -> str:
        command = [program, "-h", str(self.folder), "-p", str(self.port), "-U", role]
        command += ["-d", database, *options]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def sql(self, statement: str) -> str:
        """Run a statement as the superuser in the database `airflow`; return the first value."""
        rows = self.query("airflow", statement)
        return rows[0][0] if rows else ""

    def accept_only(self, password: str) -> None:
        """Make it the role's password: from now on no other signs in."""
        self.sql(f"ALTER ROLE airflow PASSWORD '{password}'")

    def cut_connections(self) -> None:
        """End every connection of the role, as a failover does."""
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename='airflow'")


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    if not found and not on_path:
        missing("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    return (found[0] if found else Path(str(on_path))).parent


def _unprivileged() -> list[str]:
    # PostgreSQL refuses to run as root
    user = "postgres" if "postgres:" in Path("/etc/passwd").read_text() else "nobody"
    return ["setpriv", f"--reuid={user}", "--clear-groups"] if os.geteuid() == 0 else []


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a server in a folder of its own."""
    programs, user = _programs(), _unprivileged()
    # not tmp_path: its parents belong to the tests' user alone
    with tempfile.TemporaryDirectory(prefix="pg-") as temporary:
        folder = Path(temporary)
        files = CertificateFiles.make(folder, ["localhost"])
        files.key.chmod(0o600)
        if user:
            subprocess.run(["chown", "-R", user[1].partition("=")[2], folder], check=True)
        server = Postgres(folder, free_port(), files.trusted)
        data = folder / "data"
        init: list[str | Path] = [*user, programs / "initdb", "-D", data, "-U", Postgres.user]
        init += ["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        subprocess.run(init, check=True, capture_output=True, cwd=folder)
        (data / "pg_hba.conf").write_text(ACCESS)
        settings = {
            "listen_addresses": "localhost",
            "port": str(server.port),
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "ssl": "on",
            "ssl_cert_file": str(files.certificate),
            "ssl_key_file": str(files.key),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        serve = [*user, programs / "postgres", "-D", data, *options]
        ready = [str(programs / "pg_isready"), "-q", "-h", str(folder), "-p", str(server.port)]
        with running(serve, folder / "server.log", port=server.port):
            wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL")
            server.query("postgres", "CREATE ROLE airflow LOGIN")
            server.query("postgres", "CREATE DATABASE airflow OWNER airflow")
            yield server
