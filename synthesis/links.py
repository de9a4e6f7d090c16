"""How stacks are linked: the state a stack writes, and the outputs it reads from other states."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conventions.faults import Fault, FaultError

Document = dict[str, Any]

# `data.terraform_remote_state.network_state.outputs.vnet_id`, or `outputs["vnet_id"]` in JSON
_OUTPUT = re.compile(
    r"data\.terraform_remote_state\.(?P<data>[\w-]+)\.outputs"
    r"(?:\.(?P<name>[\w-]+)|\[\\*\"(?P<quoted>[\w-]+)\\*\"\])"
)


class BackendError(FaultError):
    """A stack keeps its state where no reader can follow it."""


@dataclass(frozen=True, kw_only=True)
class StateLink:
    """A state file, as the `azurerm` backend addresses it; `account` is empty for a local one."""

    account: str = ""
    container: str = ""
    key: str

    def __str__(self) -> str:
        return "/".join(part for part in (self.account, self.container, self.key) if part)


def backend_of(name: str, document: Document) -> StateLink:
    """Return where a stack keeps its state.

    Raises:
        BackendError: the stack has no backend, or one of a kind that is not known here.
    """
    if link := own_state(document):
        return link
    kinds = ", ".join(document.get("terraform", {}).get("backend") or {}) or "none"
    fault = Fault(
        place=f"{name}: terraform.backend = {kinds}",
        problem="nobody can tell where its state lies",
        allowed="azurerm, local",
        fix="give the stack a backend of its own, as AzureStack in stacks/base.py does",
    )
    raise BackendError([fault])


def own_state(document: Document) -> StateLink | None:
    """Return the state that a stack writes; None without a backend of a kind known here."""
    backends: Document = document.get("terraform", {}).get("backend") or {}
    return next(filter(None, (_link(kind, config) for kind, config in backends.items())), None)


def remote_states(document: Document) -> dict[str, Document]:
    """Return the `terraform_remote_state` data sources by name."""
    found: dict[str, Document] = document.get("data", {}).get("terraform_remote_state", {})
    return found


def link_of(source: Document) -> StateLink | None:
    """Return the state that a `terraform_remote_state` reads; None for a kind not known here."""
    return _link(source["backend"], source.get("config", {}))


def read_by(document: Document, expression: Any) -> Iterator[tuple[StateLink, str]]:
    """Yield each output that an expression of a stack reads: the state, and the output's name."""
    sources = remote_states(document)
    for match in _OUTPUT.finditer(json.dumps(expression)):
        source = sources.get(match["data"])
        if source and (link := link_of(source)):
            yield link, match["name"] or match["quoted"]


def outputs_read(document: Document) -> dict[StateLink, frozenset[str]]:
    """Return the names of the outputs that a stack reads, by the state that they lie in.

    A state that is declared and never used is there with no outputs.
    """
    links = filter(None, map(link_of, remote_states(document).values()))
    names: dict[StateLink, set[str]] = defaultdict(set, {link: set() for link in links})
    for link, name in read_by(document, document):
        names[link].add(name)
    return {link: frozenset(found) for link, found in names.items()}


def _link(kind: str, config: Document) -> StateLink | None:
    if kind == "azurerm":
        return StateLink(
            account=config["storage_account_name"],
            container=config["container_name"],
            key=config["key"],
        )
    return StateLink(key=config["path"]) if kind == "local" else None
