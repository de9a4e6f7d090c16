"""Azurite, Microsoft's emulator of Blob storage, which a test can put out of reach."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loopback_azure.certificates import CertificateFiles

from tests import ROOT
from tests.parts.processes import free_port, running, wait_until
from tests.parts.relay import Relay
from tests.parts.skips import missing, program

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

PROGRAM = ROOT / "node_modules" / ".bin" / "azurite-blob"
# the emulator's one account, in Microsoft's documentation ("Use the Azurite emulator")
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Azurite:
    """One emulator with its data."""

    def __init__(self, folder: Path, tls: CertificateFiles | None = None) -> None:
        self._scheme = "https" if tls else "http"
        self.authority = tls.trusted if tls else None
        self.port = free_port()
        self._log = folder / "access.log"
        self._marks = count()
        self._server_port = free_port()
        self._cable = Relay(self.port, self._server_port)
        self._command = [str(PROGRAM), "--blobHost", "127.0.0.1", "--skipApiVersionCheck"]
        self._command += ["--blobPort", str(self._server_port), "--inMemoryPersistence"]
        if tls:  # with TLS only, Azurite takes Entra tokens
            self._command += ["--cert", str(tls.certificate), "--key", str(tls.key)]
            self._command += ["--oauth", "basic"]

    @property
    def url(self) -> str:
        """The account's address."""
        return f"{self._scheme}://127.0.0.1:{self.port}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        """What Azure's clients take."""
        account = f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={self.url};"
        return f"DefaultEndpointsProtocol={self._scheme};{account}"

    @property
    def connection(self) -> str:
        """An Airflow connection of type `wasb`; without retries, which keeps tests short."""
        key = {"host": self.url, "login": ACCOUNT, "password": KEY}
        return json.dumps({"conn_type": "wasb", **key, "extra": {"retry_total": 0}})

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

    def _service(self) -> "BlobServiceClient":
        # imported here because it takes a second, which nobody else need wait
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient.from_connection_string(self.connection_string)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run."""
        # it would wait for idle connections
        with running(self._command, self._log, port=self._server_port, grace=0.5):
            self._cable.plug_in()
            yield
            self._cable.pull()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Be out of reach for a while; what was written is there afterwards."""
        self._cable.pull()
        try:
            yield
        finally:
            self._cable.plug_in()

    def requests(self, method: str, path: str) -> int:
        """Count the requests so far whose path begins with `path`, after the account."""
        mark = f"/{ACCOUNT}/mark-{next(self._marks)}"
        asking = HTTPConnection("127.0.0.1", self._server_port)
        asking.request("GET", mark)  # refused, and logged: then so is all before it
        asking.close()
        wait_until(lambda: mark in self._log.read_text(), "Azurite's access log")
        return self._log.read_text().count(f'"{method} /{ACCOUNT}/{path}')


@contextmanager
def azurite(folder: Path, tls: CertificateFiles | None = None) -> Iterator[Azurite]:
    """Run an emulator; with a certificate, one that takes Entra tokens."""
    program("node", package="nodejs")
    if not PROGRAM.exists():
        missing("Azurite is not installed (npm ci)")
    folder.mkdir(parents=True, exist_ok=True)
    server = Azurite(folder, tls)
    with server.serving():
        yield server


def storage_token() -> str:
    """Return a token of the form that Azurite checks; it does not check the signature."""
    now = int(time.time())
    times = {"iat": now, "nbf": now - 60, "exp": now + 3600}
    issuer = "https://sts.windows.net/22222222-2222-4222-8222-222222222222/"
    claims = {"aud": "https://storage.azure.com", "iss": issuer, **times}
    claims["tid"] = issuer.split("/")[3]
    return ".".join([_part({"alg": "RS256", "typ": "JWT"}), _part(claims), "c2lnbmF0dXJl"])


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
