"""A subscription that is ready for dev, the DNS that points to its zone, and the tool."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
import pytest
from loopback_azure.loopback import LoopbackAzure, loopback_azure
from loopback_azure.subscription_offers import Offers
from typer.testing import CliRunner, Result

from conventions.company import VARIABLE
from tests.environment_files import DEV, tables

SUBSCRIPTION = f"/subscriptions/{tables(DEV)['subscription_id']}"
DEPLOYER = tables(DEV)["deployer_object_id"]
ZONE = tables(DEV)["ingress"]["dns_zone_id"]
STATES = (
    f"{SUBSCRIPTION}/resourceGroups/rg-airflow-state/providers/Microsoft.Storage/storageAccounts/"
    "stairflowstatedev"
)
WATCHER = (
    f"{SUBSCRIPTION}/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/"
    "NetworkWatcher_westeurope"
)
ROLES = {
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Locks Contributor": "28bf596f-4eb7-45ce-b5bc-6cf482fec137",
    "Resource Policy Contributor": "36243c78-bf99-498c-9df9-86d9f8d28608",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
}
PRINCIPALS = "https://graph.microsoft.com/serviceprincipals"
GRAPH_ROLES = (
    "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "06b708a9-e830-4db3-a914-8e69da51d44f",
)
BLOBS = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
Check = Callable[..., Result]


class Subscription:
    """An Azure on loopback with what the bootstrap makes."""

    def __init__(self, azure: LoopbackAzure, offers: Offers) -> None:
        self.azure = azure
        self.offers = offers
        self.name_servers = [f"ns{at}-01.azure-dns.com." for at in (1, 2)]
        self.put(ZONE, "Microsoft.Network/dnsZones", nameServers=self.name_servers)
        self.put(STATES, "Microsoft.Storage/storageAccounts")
        self.put(WATCHER, "Microsoft.Network/networkWatchers")
        for role in ROLES.values():
            self.grant(role, SUBSCRIPTION)
        self.grant(BLOBS, STATES)
        self.keep(f"{PRINCIPALS}/{DEPLOYER}", {"id": DEPLOYER, "displayName": "deployer"})
        for number, role in enumerate(GRAPH_ROLES):
            self.keep(f"{PRINCIPALS}/{DEPLOYER}/appRoleAssignments/{number}", {"appRoleId": role})

    def keep(self, url: str, body: dict[str, Any]) -> None:
        """Keep an object of Microsoft Graph."""
        self.azure.store.put(url, {"id": url, "body": body})

    def put(self, id_: str, type_: str, **properties: Any) -> None:
        """Keep a resource."""
        name = id_.rsplit("/", 1)[1]
        document = {"id": id_, "name": name, "type": type_, "properties": properties}
        self.azure.store.put(id_, document)

    def grant(self, role: str, scope: str, **more: Any) -> None:
        """Give the deployer a role."""
        base = f"{SUBSCRIPTION}/providers/Microsoft.Authorization"
        self.put(
            f"{scope}/providers/Microsoft.Authorization/roleAssignments/{role}",
            "Microsoft.Authorization/roleAssignments",
            principalId=DEPLOYER,
            roleDefinitionId=f"{base}/roleDefinitions/{role}",
            scope=scope,
            **more,
        )

    def revoke(self, role: str, scope: str = SUBSCRIPTION) -> None:
        """Take a role from the deployer."""
        assignment = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{role}"
        self.azure.store.delete(assignment)

    def consent(self, scope: str | None) -> None:
        """Make the sign-in application, with consent to some scopes or none."""
        body = {"id": "sp", "appId": "app-id", "displayName": "Airflow (airflow-dev)"}
        self.keep(f"{PRINCIPALS}/sp", body)
        if scope is not None:
            grant = {"clientId": "sp", "consentType": "AllPrincipals", "scope": scope}
            self.keep("https://graph.microsoft.com/oauth2permissiongrants/one", grant)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LoopbackAzure, Offers]]:
    """One loopback Azure for all tests."""
    offers = Offers()
    tenant = tables(DEV)["tenant_id"]
    with loopback_azure(tmp_path_factory.mktemp("azure"), tenant, offers=offers) as azure:
        yield azure, offers


@pytest.fixture
def subscription(running: tuple[LoopbackAzure, Offers]) -> Subscription:
    """A subscription in which all is well."""
    azure, offers = running
    for one in list(azure.store.under("")):
        azure.store.delete(one["id"])
    vars(offers).update(vars(Offers()))
    return Subscription(azure, offers)


@pytest.fixture
def name_server(subscription: Subscription) -> Iterator[str]:
    """A DNS server that knows the subscription's zone; yields address and port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.1)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    data, asker = listening.recvfrom(4096)
                except TimeoutError:
                    continue
                listening.sendto(_answer(data, subscription.name_servers), asker)

        thread = threading.Thread(target=serve, name="dns")
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        done.set()
        thread.join()


def _answer(data: bytes, servers: list[str]) -> bytes:
    asked = dns.message.from_wire(data)
    answer = dns.message.make_response(asked)
    if servers:
        answer.answer.append(dns.rrset.from_text(asked.question[0].name, 60, "IN", "NS", *servers))
    return answer.to_wire()


@pytest.fixture
def check(
    subscription: Subscription,
    name_server: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    a_program: None,
) -> Check:
    """Return how to run the tool; azure-identity asks `uname` for its user agent."""
    from tools.preflight.__main__ import app

    for name, value in subscription.azure.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(VARIABLE, str(home))

    def run(*options: str) -> Result:
        asked = ["--environment", "dev", "--name-server", name_server, *options]
        return CliRunner().invoke(app, asked)

    return run
