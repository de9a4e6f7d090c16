"""One change that a provider is asked to make, as the rules of Azure see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

from azure_facts.refusals import Refusal

from standin_providers.cloud_folder import CloudFolder

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is created, updated or deleted, and what exists around it.

    `values` are those that the resource will have, or has had if it is deleted; `features` is
    the block of that name in the configuration of azurerm.
    """

    action: Literal["create", "update", "delete"]
    type: str
    id: str
    values: Values
    cloud: CloudFolder
    prior: Values = field(default_factory=dict)
    features: Values = field(default_factory=dict)

    def feature(self, block: str, name: str) -> bool:
        """Return a flag of the provider's `features` block; one that is not given is on."""
        blocks = self.features.get(block) or []
        value = blocks[0].get(name) if blocks else None
        return value is None or bool(value)


def same(one: object, other: object) -> bool:
    """Whether two ids of Azure are the same: upper and lower case do not count."""
    return str(one).lower() == str(other).lower()


def within(id_: object, scope: object) -> bool:
    """Whether an id is the scope's or of something in it."""
    return f"{id_}/".lower().startswith(f"{scope}/".lower())


def parent(id_: str, key: str) -> str:
    """Return the id up to the name that follows the key: of the VNet that a subnet is in."""
    parts = id_.split("/")
    keys = [part.lower() for part in parts]
    return "/".join(parts[: keys.index(key.lower()) + 2]) if key.lower() in keys else id_


def group_of(id_: str) -> str:
    """Return the id of the resource group that an id is in."""
    return parent(id_, "resourceGroups")


def name_of(id_: str) -> str:
    """Return the last part of an id."""
    return id_.rsplit("/", 1)[-1]


def answer(refusal: Refusal, **values: object) -> str:
    """Return Azure's refusal as the provider's client prints it."""
    status = f"{refusal.status} ({refusal.status} {HTTPStatus(refusal.status).phrase})"
    return f"unexpected status {status} with error: {refusal.code}: {refusal.message(**values)}"
