"""Where the rehearsed states lie: in local files, or as in production, on Azurite."""

import copy
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from loopback_azure.azurite import azurite
from loopback_azure.proxy import blob_proxy

from synthesis.links import Document, StateLink, backend_of, link_of, remote_states
from tools.rehearsal.node_programs import node_program


class StateKind(StrEnum):
    """What holds the states."""

    LOCAL = "local"
    AZURITE = "azurite"


class States(Protocol):
    """A home for states, and how a stack has to change to use it."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment variables for Terraform."""

    def adapt(self, document: Document) -> Document:
        """Return the stack as it has to be; what is given stays as it is."""


@dataclass(frozen=True)
class LocalStates:
    """Every state a file in a folder: quick, and blind to what a real backend does."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def adapt(self, document: Document) -> Document:
        """Point the backend and every remote state to files."""
        adapted = copy.deepcopy(document)
        own = backend_of("stack", document)
        adapted["terraform"]["backend"] = {"local": {"path": self._file(str(own))}}
        for source in remote_states(adapted).values():
            if link := link_of(source):
                source["backend"] = "local"
                source["config"] = {"path": self._file(str(link))}
        return adapted

    def _file(self, link: str) -> str:
        return str(self.folder / link.lstrip("/"))


@dataclass(frozen=True)
class BackendStates:
    """The states where the stacks say they are."""

    environment: Mapping[str, str]

    def adapt(self, document: Document) -> Document:
        """Change nothing."""
        return document


@contextmanager
def azurite_states(
    folder: Path, links: Collection[StateLink], environment: Mapping[str, str], binaries: Path
) -> Iterator[BackendStates]:
    """Serve the accounts and containers of the links; the stacks' backends stay as they are."""
    places = {(link.account, link.container) for link in links if link.account}
    accounts = sorted({account for account, _ in places})
    program = node_program(
        binaries, "azurite-blob", environment, option="--state azurite", instead="--state local"
    )
    with azurite(folder, accounts, environment, program) as server:
        for account, container in places:
            server.make_container(account, container)
        with blob_proxy(server.port) as proxy:
            yield BackendStates(
                {
                    "ARM_ACCESS_KEY": server.key,
                    "SSL_CERT_FILE": str(server.authority),
                    "HTTPS_PROXY": proxy,
                    "HTTP_PROXY": proxy,
                }
            )
