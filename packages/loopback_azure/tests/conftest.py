"""A loopback Azure, and a client that speaks plain HTTP to it."""

import http.client
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from loopback_azure.loopback import LoopbackAzure, loopback_azure

TENANT = "22222222-2222-4222-8222-222222222222"
SUBSCRIPTION = "/subscriptions/11111111-1111-4111-8111-111111111111"


class Answer(NamedTuple):
    """A status and a body."""

    status: int
    document: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class Client:
    """Asks the loopback Azure under Azure's own names."""

    azure: LoopbackAzure

    def ask(self, method: str, url: str, body: object = None, *, signed: bool = True) -> Answer:
        """Send one request; `url` begins with the host."""
        host, _, path = url.partition("/")
        context = ssl.create_default_context(cafile=str(self.azure.authority))
        connection = http.client.HTTPSConnection("127.0.0.1", self.azure.port, context=context)
        headers = {"Host": host} | ({"Authorization": "Bearer any"} if signed else {})
        sent = body if isinstance(body, str) else json.dumps(body or {})
        try:
            connection.request(method, f"/{path}", sent, headers)
            got = connection.getresponse()
            text = got.read()
            return Answer(got.status, json.loads(text) if text else None, dict(got.headers))
        finally:
            connection.close()

    def arm(self, method: str, path: str, body: object = None) -> Answer:
        """Ask Azure Resource Manager for what lies below the subscription."""
        url = f"management.azure.com{SUBSCRIPTION}{path}?api-version=2025-01-01"
        return self.ask(method, url, body)

    def group(self) -> str:
        """Make a resource group, and return its path."""
        path = "/resourceGroups/rg"
        assert self.arm("PUT", path, {"location": "westeurope"}).status == 200
        return path


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackAzure]:
    """One loopback Azure for a module: its certificates take a quarter of a second."""
    with loopback_azure(tmp_path_factory.mktemp("azure"), TENANT) as running:
        yield running


@pytest.fixture
def client(azure: LoopbackAzure) -> Client:
    """Return a client of an empty Azure."""
    for one in list(azure.store.under("")):
        azure.store.delete(one["id"])
    return Client(azure)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that two Azures use one after the other."""
    return tmp_path / "azure"
