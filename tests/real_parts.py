"""Real servers for tests, on free loopback ports: PostgreSQL and Azurite."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from azure.storage.blob import BlobServiceClient

ROOT = Path(__file__).resolve().parent.parent
# The account of every Azurite, published in its documentation.
AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


class PartMissingError(Exception):
    """A server is not installed here; the message says how to get it."""


@dataclass(frozen=True)
class Postgres:
    """A cluster that trusts everyone on the loopback interface."""

    port: int
    user: str = "postgres"

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg2://{self.user}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """Make a database and return its name."""
        self.query("postgres", f'create database "{database}"')
        return database

    def query(self, database: str, sql: str) -> list[list[str]]:
        """Run SQL with psql and return the rows as text."""
        command = ["psql", "--no-psqlrc", "--csv", "--tuples-only", "-v", "ON_ERROR_STOP=1"]
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, "-d", database]
        done = subprocess.run(
            [*command, *address, "-c", sql], capture_output=True, text=True, check=True
        )
        return [line.split(",") for line in done.stdout.splitlines()]


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start PostgreSQL; as root it runs as the user postgres, because it refuses root."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)
    initdb = shutil.which("initdb") or binaries
    if initdb is None:
        raise PartMissingError("PostgreSQL is not installed: apt-get install postgresql")
    bin_folder = Path(initdb).resolve().parent
    # not tmp_path: its parents belong to the tests' user alone
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        demote: list[str] = []
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            demote = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}"]
            demote.append("--clear-groups")
        data, port = f"{folder}/data", _free_port()
        subprocess.run(
            [*demote, bin_folder / "initdb", "-D", data, "-U", "postgres", "--no-sync"],
            check=True,
            capture_output=True,
        )
        options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-k", folder]
        command: list[str | Path] = [
            *demote,
            bin_folder / "postgres",
            "-D",
            data,
            "-p",
            str(port),
            *options,
        ]
        with _running(command, port, Path(folder) / "log"):
            yield Postgres(port)


@dataclass(frozen=True)
class Azurite:
    """A blob service with the emulator's well-known account."""

    port: int

    @property
    def connection_string(self) -> str:
        """What Azure's clients take."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={AZURITE_ACCOUNT};"
            f"AccountKey={AZURITE_KEY};"
            f"BlobEndpoint=http://127.0.0.1:{self.port}/{AZURITE_ACCOUNT};"
        )

    def create_container(self, name: str) -> None:
        """Make an empty container."""
        self._service().create_container(name)

    def upload(self, container: str, name: str, text: str) -> None:
        """Write a blob."""
        self._service().get_container_client(container).upload_blob(name, text)

    def download_all(self, container: str, prefix: str) -> dict[str, str]:
        """Return the texts of the blobs under a prefix, by the rest of their names."""
        client = self._service().get_container_client(container)
        names = [blob.name for blob in client.list_blobs(name_starts_with=prefix)]
        return {
            name.removeprefix(prefix): client.download_blob(name, encoding="utf-8").readall()
            for name in names
        }

    def _service(self) -> BlobServiceClient:
        return BlobServiceClient.from_connection_string(self.connection_string)


@contextmanager
def azurite() -> Iterator[Azurite]:
    """Start the blob service of the pinned Azurite."""
    program = ROOT / "node_modules" / ".bin" / "azurite-blob"
    if not program.exists():
        raise PartMissingError("Azurite is not installed: make node_modules/.ready")
    with tempfile.TemporaryDirectory(prefix="azurite-") as folder:
        port = _free_port()
        options = ["--blobPort", str(port), "--silent", "--inMemoryPersistence"]
        with _running(
            [program, *options, "--skipApiVersionCheck", "--disableTelemetry"],
            port,
            Path(folder) / "log",
        ):
            yield Azurite(port)


@contextmanager
def _running(command: list[str | Path], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait(lambda: _answers(port), process, log)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} does not answer:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
