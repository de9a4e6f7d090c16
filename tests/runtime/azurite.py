"""Azurite, Microsoft's emulator of Blob storage, which a test can put out of reach."""

import base64
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

from tests.runtime.parts import free_port, listening, missing, running, wait_until
from tests.runtime.relay import Relay

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "node_modules" / ".bin" / "azurite-blob"
# the emulator's one account, in Microsoft's documentation ("Use the Azurite emulator")
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Azurite:
    """One emulator with its data."""

    def __init__(self, folder: Path, tls: tuple[Path, Path] | None = None) -> None:
        self._scheme = "https" if tls else "http"
        self.certificate = tls[0] if tls else None
        self.port = free_port()
        self._log = folder / "access.log"
        self._marks = count()
        self._server_port = free_port()
        self._cable = Relay(self.port, self._server_port)
        self._command = [str(PROGRAM), "--blobHost", "127.0.0.1", "--skipApiVersionCheck"]
        self._command += ["--blobPort", str(self._server_port), "--inMemoryPersistence"]
        if tls:  # with TLS only, Azurite takes Entra tokens
            self._command += ["--cert", str(tls[0]), "--key", str(tls[1]), "--oauth", "basic"]

    @property
    def url(self) -> str:
        """The account's address."""
        return f"{self._scheme}://127.0.0.1:{self.port}/{ACCOUNT}"

    @property
    def connection(self) -> str:
        """An Airflow connection of type `wasb`; without retries, which keeps tests short."""
        key = {"host": self.url, "login": ACCOUNT, "password": KEY}
        return json.dumps({"conn_type": "wasb", **key, "extra": {"retry_total": 0}})

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run."""
        with running(self._command, self._log, grace=0.5):  # it would wait for idle connections
            wait_until(lambda: listening(self._server_port), "Azurite")
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
def azurite(folder: Path, tls: tuple[Path, Path] | None = None) -> Iterator[Azurite]:
    """Run an emulator; with a certificate and its key, one that takes Entra tokens."""
    if not PROGRAM.exists() or not shutil.which("node"):
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
