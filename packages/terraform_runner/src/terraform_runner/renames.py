"""Resources that only change their address: deleted and created again where a move would do."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Values = Mapping[str, Any]


def renames(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield old and new address of what a plan's `resource_changes` delete and make again."""
    deleted = [e for e in entries if e["change"]["actions"] == ["delete"] and "deposed" not in e]
    for created in (e for e in entries if e["change"]["actions"] == ["create"]):
        twin = next((d for d in deleted if _same(d, created)), None)
        if twin:
            deleted.remove(twin)
            yield twin["address"], created["address"]


def _same(deleted: Mapping[str, Any], created: Mapping[str, Any]) -> bool:
    """Whether all that is known of the new one holds for the old one; a name is always known."""
    before: Values = deleted["change"]["before"] or {}
    after: Values = created["change"]["after"] or {}
    known = {name: value for name, value in after.items() if isinstance(value, str)}
    return (
        deleted["type"] == created["type"]
        and "name" in known
        and all(before.get(name) == value for name, value in known.items())
    )
