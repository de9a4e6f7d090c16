"""A Terraform plan as typed changes, read from `terraform show -json`."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from terraform_runner.differences import AttributeChange, differences
from terraform_runner.renames import renames


class Action(StrEnum):
    """What Terraform does to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    IMPORT = "import"

    @property
    def loses(self) -> bool:
        """Whether what the resource holds is gone afterwards."""
        return self in (Action.REPLACE, Action.DELETE)


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """What happens to one resource, and why."""

    address: str
    type: str
    action: Action
    forced_by: tuple[str, ...] = ()
    attributes: tuple[AttributeChange, ...] = ()

    @property
    def resource(self) -> str:
        """The address without the word on an object that was deposed."""
        return self.address.partition(" (deposed ")[0]

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> Self | None:
        """Read an entry of `resource_changes`; None if nothing happens to it."""
        change = raw["change"]
        action = _action(change)
        if action is None or raw["mode"] == "data":
            return None
        forced = tuple(".".join(map(str, path)) for path in change.get("replace_paths", []))
        address = raw["address"]
        if deposed := raw.get("deposed"):  # its successor has the address already
            address = f"{address} (deposed {deposed})"
        differs = action in (Action.UPDATE, Action.REPLACE)
        return cls(
            address=address,
            type=raw["type"],
            action=action,
            forced_by=forced,
            attributes=tuple(differences(change)) if differs else (),
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that a plan does to resources, and what changed behind Terraform's back."""

    changes: tuple[ResourceChange, ...]
    drift: tuple[ResourceChange, ...]
    outputs_change: bool
    renamed: tuple[tuple[str, str], ...] = ()
    """Old and new addresses of what stays the same in Azure, and is deleted and made again."""
    types: Mapping[str, str] = field(default_factory=dict)
    """The type of each resource of the configuration or the state, by its address."""
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What the configuration of a resource refers to, by address."""

    @classmethod
    def parse(cls, shown: dict[str, Any]) -> Self:
        """Read the output of `terraform show -json PLAN`."""
        outputs = shown.get("output_changes", {}).values()
        return cls(
            changes=_parsed(shown.get("resource_changes", [])),
            drift=_parsed(shown.get("resource_drift", [])),
            outputs_change=any(output["actions"] != ["no-op"] for output in outputs),
            renamed=tuple(renames(shown.get("resource_changes", []))),
            types={r["address"]: r["type"] for r in _managed(shown.get("resource_changes", []))},
            needs={
                r["address"]: frozenset(_references(r))
                for r in _managed(shown.get("configuration", {}).get("root_module", {}))
            },
        )

    def dependents(self, types: Collection[str]) -> frozenset[str]:
        """Return the resources of these types, and all that refer to one, however indirectly."""
        found = {address for address, type_ in self.types.items() if type_ in types}
        while more := {a for a, needed in self.needs.items() if needed & found} - found:
            found |= more
        return frozenset(found)

    @property
    def empty(self) -> bool:
        """Whether Terraform has nothing to do."""
        return not self.changes and not self.outputs_change

    def __str__(self) -> str:
        counts = Counter(change.action for change in self.changes)
        told = [f"{counts[action]} to {action}" for action in Action if counts[action]]
        return ", ".join(told) or ("outputs change" if self.outputs_change else "no changes")


def _managed(entries: Any) -> Iterator[dict[str, Any]]:
    found = entries.get("resources", []) if isinstance(entries, dict) else entries
    return (entry for entry in found if entry["mode"] == "managed")


def _references(resource: dict[str, Any]) -> Iterator[str]:
    yield from resource.get("depends_on", [])
    queue: list[Any] = [resource.get("expressions", {})]
    while queue:
        node = queue.pop()
        if isinstance(node, dict):
            yield from node.get("references", [])
            queue.extend(node.values())
        elif isinstance(node, list):
            queue.extend(node)


def _parsed(raw: list[dict[str, Any]]) -> tuple[ResourceChange, ...]:
    return tuple(found for entry in raw if (found := ResourceChange.parse(entry)))


def _action(change: dict[str, Any]) -> Action | None:
    match change["actions"]:
        case ["no-op"] | ["read"]:
            return Action.IMPORT if change.get("importing") else None
        case [only]:
            return Action(only)
        case ["create", "forget"]:
            return Action.FORGET
        case _:
            return Action.REPLACE
