"""A real PostgreSQL that asks for TLS and for the one password of the moment."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.runtime.parts import certificate, free_port, missing, running, wait_until

# the one way Azure takes a token: as a plain password, inside TLS
ACCESS = """
local   all all trust
hostssl all all all password
"""


@dataclass(frozen=True)
class Postgres:
    """A server with the database and the role `airflow`."""

    folder: Path
    port: int
    root_certificate: Path

    def url(self, options: str = "sslmode=require", host: str = "localhost") -> str:
        """Return Airflow's connection URL, which names no password."""
        return f"postgresql+psycopg2://airflow@{host}:{self.port}/airflow?{options}"

    def sql(self, statement: str) -> str:
        """Run a statement as the superuser, beside the network; return what it prints."""
        command = ["psql", "-XAtq", "-h", str(self.folder), "-p", str(self.port), "-U", "postgres"]
        done = subprocess.run(
            [str(_programs() / command[0]), *command[1:], "-d", "airflow", "-c", statement],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

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
        missing("PostgreSQL's server programs are not installed (Debian: apt install postgresql)")
    return (found[0] if found else Path(str(on_path))).parent


def _unprivileged() -> list[str]:
    # PostgreSQL refuses to run as root
    user = "postgres" if "postgres:" in Path("/etc/passwd").read_text() else "nobody"
    return ["setpriv", f"--reuid={user}", "--clear-groups"] if os.geteuid() == 0 else []


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a server in a folder of its own."""
    programs, user = _programs(), _unprivileged()
    with tempfile.TemporaryDirectory(prefix="pg-") as temporary:
        folder = Path(temporary)
        cert, key = certificate(folder / "tls", "localhost")
        root = folder / "root.crt"
        shutil.copy(cert, root)
        if user:
            subprocess.run(["chown", "-R", user[1].partition("=")[2], folder], check=True)
        server = Postgres(folder, free_port(), root)
        data = folder / "data"
        init = [*user, str(programs / "initdb"), "-D", str(data), "-U", "postgres"]
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
            "ssl_cert_file": str(cert),
            "ssl_key_file": str(key),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        serve = [*user, str(programs / "postgres"), "-D", str(data), *options]
        with running(serve, folder / "server.log"):
            ready = [str(programs / "pg_isready"), "-q", "-h", str(folder), "-p", str(server.port)]
            wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL")
            admin = [str(programs / "psql"), "-Xq", "-h", str(folder), "-p", str(server.port)]
            for statement in ("CREATE ROLE airflow LOGIN", "CREATE DATABASE airflow OWNER airflow"):
                subprocess.run([*admin, "-U", "postgres", "-c", statement], check=True)
            yield server
