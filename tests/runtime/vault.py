"""A Key Vault on loopback under its own name, which counts what is asked and can be away."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopback_azure.certificates import CertificateFiles
from loopback_azure.http_messages import RefusedError, Reply, Request
from loopback_azure.proxy import connect_proxy
from loopback_azure.server import serving
from loopback_azure.store import Store
from loopback_azure.vaults import Vaults

from tests.parts.processes import free_port
from tests.runtime.authority import TENANT, Authority

SUFFIX = ".vault.azure.net"
GROUP = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults"


@dataclass
class LoopbackVaults:
    """The vaults of one run, and what their clients need to find them."""

    entra: Authority
    service: Vaults
    ports: dict[str, int] = field(default_factory=dict)
    port: int = 0
    proxy: str = ""
    trusted: Path = Path()
    asked: list[str] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which a pod finds them, and signs in."""
        return {
            **self.entra.environment,
            "HTTPS_PROXY": self.proxy,
            "NO_PROXY": "localhost,127.0.0.1",
            "REQUESTS_CA_BUNDLE": str(self.trusted),
        }

    def put(self, vault: str, name: str, value: str) -> None:
        """Write a secret, as its owner does."""
        self._call("PUT", vault, name, {"value": value})

    def value(self, vault: str, name: str) -> str:
        """Return what a secret holds."""
        return str(self._call("GET", vault, name)["value"])

    def _call(self, method: str, vault: str, name: str, body: object = None) -> Any:
        return self.service(
            Request(
                method=method,
                host=f"{vault}{SUFFIX}",
                path=f"/secrets/{name}",
                headers={"authorization": "Bearer -"},
                body=json.dumps(body or {}).encode(),
            )
        ).document

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let connections to them fail."""
        self.ports[f"{SUFFIX}:443"] = free_port()
        try:
            yield
        finally:
            self.ports[f"{SUFFIX}:443"] = self.port

    @contextmanager
    def without_rights(self, vault: str) -> Iterator[None]:
        """Refuse whoever asks a vault."""
        self.closed.add(vault)
        try:
            yield
        finally:
            self.closed.remove(vault)


@contextmanager
def loopback_vaults(folder: Path, entra: Authority, *names: str) -> Iterator[LoopbackVaults]:
    """Serve vaults that take the current token of `entra`, and no other."""
    folder.mkdir(parents=True, exist_ok=True)
    files = CertificateFiles.make(folder, [f"*{SUFFIX}"])
    trusted = folder / "trusted.pem"
    trusted.write_text(files.trusted.read_text() + entra.certificate.trusted.read_text())
    store = Store()
    for name in names:
        vault = {"id": f"{GROUP}/{name}", "name": name, "properties": {}}
        store.put(f"{GROUP}/{name}", vault)
    service = Vaults(store, TENANT)
    made = LoopbackVaults(entra, service, trusted=trusted)

    def answer(request: Request) -> Reply:
        given = request.headers.get("authorization")
        if given and given != f"Bearer {entra.token}":
            raise RefusedError(401, "Unauthorized", "a token of somebody else")
        if made.ports[f"{SUFFIX}:443"] != made.port:  # over a connection from before
            raise RefusedError(503, "ServiceUnavailable", "away", {"Connection": "close"})
        vault = request.host.removesuffix(SUFFIX)
        if given and vault in made.closed:
            raise RefusedError(403, "Forbidden", "Caller is not authorized to perform action")
        if given and request.method == "GET":
            made.asked.append(f"{vault}{request.path}".rstrip("/"))
        return service(request)

    with ExitStack() as running:
        made.port = running.enter_context(serving(answer, files.certificate, files.key))
        made.ports[f"{SUFFIX}:443"] = made.port
        made.proxy = running.enter_context(connect_proxy(made.ports))
        yield made
