"""How stacks are linked: the state a stack writes, and the outputs it reads from other states."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from terraform_runner.errors import BadInputError

# `data.terraform_remote_state.network_state.outputs.vnet_id`, or `outputs["vnet_id"]` in JSON
_OUTPUT = re.compile(
    r"data\.terraform_remote_state\.(?P<data>[\w-]+)\.outputs"
    r"(?:\.(?P<name>[\w-]+)|\[\\*\"(?P<quoted>[\w-]+)\\*\"\])"
)


@dataclass(frozen=True, kw_only=True)
class StateLink:
    """A state file, as the `azurerm` backend addresses it; `account` is empty for a local one."""

    account: str = ""
    container: str = ""
    key: str

    def __str__(self) -> str:
        return "/".join(part for part in (self.account, self.container, self.key) if part)


def backend_of(name: str, document: dict[str, Any]) -> StateLink:
    """Return where a stack keeps its state.

    Raises:
        BadInputError: the stack has no backend, or one of a kind that cannot be rehearsed.
    """
    backends: dict[str, Any] = document.get("terraform", {}).get("backend") or {}
    for kind, config in backends.items():
        if link := _link(kind, config):
            return link
    kinds = ", ".join(backends) or "none"
    raise BadInputError(
        f"{name}: terraform.backend = {kinds}: cannot be rehearsed",
        allowed="azurerm, local",
        fix="give the stack a backend of its own, as AzureStack in stacks/base.py does",
    )


def remote_states(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the `terraform_remote_state` data sources by name."""
    found: dict[str, dict[str, Any]] = document.get("data", {}).get("terraform_remote_state", {})
    return found


def outputs_read(document: dict[str, Any]) -> dict[StateLink, frozenset[str]]:
    """Return the names of the outputs that a stack reads, by the state that they lie in."""
    names: dict[str, set[str]] = defaultdict(set)
    for match in _OUTPUT.finditer(json.dumps(document)):
        names[match["data"]].add(match["name"] or match["quoted"])
    links = {name: link_of(source) for name, source in remote_states(document).items()}
    return {link: frozenset(names[name]) for name, link in links.items() if link}


def link_of(source: dict[str, Any]) -> StateLink | None:
    """Return the state that a `terraform_remote_state` reads; None for a kind not known here."""
    return _link(source["backend"], source.get("config", {}))


def _link(kind: str, config: dict[str, Any]) -> StateLink | None:
    if kind == "azurerm":
        return StateLink(
            account=config["storage_account_name"],
            container=config["container_name"],
            key=config["key"],
        )
    return StateLink(key=config["path"]) if kind == "local" else None
