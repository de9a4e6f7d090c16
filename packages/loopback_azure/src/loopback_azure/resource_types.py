"""The resource types that the loopback Azure knows, and how each behaves."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from loopback_azure.http_messages import Document
from loopback_azure.resource_path import ResourcePath
from loopback_azure.store import Store

_DATA = Path(__file__).parent / "resource_types.toml"


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """A resource type, read from `resource_types.toml`."""

    type: str
    """As Azure spells it."""
    written: int = 200
    """The status that answers a PUT or a PATCH."""
    deleted: int = 200
    """The status that answers a DELETE."""
    at_once: bool = False
    """Whether a PUT ends with its reply, without an operation to wait for."""
    implied: bool = False
    """Whether it exists as soon as its parent does, with Azure's defaults."""
    embeds: tuple[str, ...] = ()
    """Properties that hold child resources, under the name of the children's type."""
    hidden: tuple[str, ...] = ()
    """Properties that are taken and never told, such as passwords."""
    defaults: Mapping[str, Any] | None = None
    """What Azure fills in at the top level and in `properties` where nothing was said."""


@dataclass(frozen=True, kw_only=True)
class NewResource:
    """A resource in the making, as its rule sees it."""

    address: ResourcePath
    document: Document
    store: Store
    tenant: str

    @property
    def properties(self) -> Document:
        """What was asked for."""
        found: Document = self.document.setdefault("properties", {})
        return found


Rule = Callable[[NewResource], Document]
_RULES: dict[str, list[Rule]] = {}


def rule(*types: str) -> Callable[[Rule], Rule]:
    """Mark what computes, for resources of these types, the part that Azure alone decides."""

    def mark(function: Rule) -> Rule:
        for type_ in types:
            _RULES.setdefault(type_.lower(), []).append(function)
        return function

    return mark


def rules_of(kind: ResourceType) -> list[Rule]:
    """Return the rules of a type."""
    return _RULES.get(kind.type.lower(), [])


@cache
def resource_types() -> Mapping[str, ResourceType]:
    """Return the known types, by name in lower case."""
    found = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    return {
        type_.lower(): ResourceType(type=type_, **{k: _frozen(v) for k, v in facts.items()})
        for type_, facts in found.items()
    }


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
