"""A stand-in for Key Vault's data plane: only who has the role there may read a secret."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from loopback_azure.http_messages import RefusedError, Reply, Request
from loopback_azure.store import Store
from loopback_azure.vaults import Vaults

from tools.cluster.deployment import Deployment
from tools.cluster.identities import TokenEndpoint

SUFFIX = ".vault.azure.net"
AUDIENCE = "https://vault.azure.net"
READS = "Key Vault Secrets User"


@dataclass
class GuardedVaults:
    """Vaults that check the role of the identity that reads."""

    deployment: Deployment
    endpoint: TokenEndpoint
    tenant: str
    readings: list[tuple[str, str]] = field(default_factory=list)
    """Principal and path of what was read."""

    def __post_init__(self) -> None:
        """Make the vaults."""
        self._store = Store()
        self._lock = threading.Lock()
        for each in self.deployment.of_type("azurerm_key_vault"):
            self._store.put(each["id"], {"id": each["id"], "name": each["name"], "properties": {}})
        self._vaults = Vaults(self._store, self.tenant)

    def __call__(self, request: Request) -> Reply:
        """Answer a request if its identity has the role Key Vault Secrets User for the secret."""
        given = request.headers.get("authorization", "")
        if given.startswith("Bearer "):
            principal = self.endpoint.reads(given.removeprefix("Bearer "), AUDIENCE)
            self._check(principal, request)
            with self._lock:
                self.readings.append((principal, f"{request.host}{request.path}"))
        return self._vaults(request)

    def put(self, vault: str, name: str, value: str) -> None:
        """Write a secret; no role is checked."""
        import json

        self._vaults(
            Request(
                method="PUT",
                host=f"{vault}{SUFFIX}",
                path=f"/secrets/{name}",
                headers={"authorization": "Bearer -"},
                body=json.dumps({"value": value}).encode(),
            )
        )

    def _check(self, principal: str, request: Request) -> None:
        vault = request.host.removesuffix(SUFFIX)
        name = [*request.path.strip("/").split("/"), ""][1]
        for each in self.deployment.of_type("azurerm_role_assignment"):
            if (each["principal_id"], each["role_definition_name"]) == (principal, READS) and (
                _covers(each, vault, name)
            ):
                return
        raise RefusedError(403, "Forbidden", f"{principal} has no role {READS} for {vault}/{name}")


def _covers(assignment: Mapping[str, str], vault: str, secret: str) -> bool:
    place = assignment["scope"].lower().split("/vaults/")
    if len(place) < 2:
        return False
    return place[1] in (vault.lower(), f"{vault}/secrets/{secret}".lower())
