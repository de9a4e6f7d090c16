"""What a provider's pinned version has beyond the one that the installed binding describes.

Bindings of cdktf are final, and providers go on. `facts/newer.json` holds the version that stacks
pin and, by kind and type, how its schema differs from the binding's: attributes and blocks that
are new or changed, and null for what is gone. `python -m standin_providers.newer_writer` writes it.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from standin_providers.facts import FOLDER

FILE = FOLDER / "newer.json"
Json = Mapping[str, Any]

_PARTS = ("attributes", "block_types")


@cache
def newer(provider: str) -> Json:
    """Return the pinned version and its differences; nothing, where the binding's is pinned."""
    stored: Json = json.loads(FILE.read_text())
    found: Json = stored.get(provider, {})
    return found


def difference(old: Json, new: Json) -> dict[str, Any]:
    """Return what makes the block `new` of `old`, both as `terraform providers schema` has them."""
    found: dict[str, Any] = {}
    for part in _PARTS:
        before, after = old.get(part, {}), new.get(part, {})
        changes: dict[str, Any] = dict.fromkeys(sorted(before.keys() - after.keys()))
        for name in sorted(after):
            if name not in before or before[name] != after[name]:
                changes[name] = _entry(before.get(name), after[name])
        if changes:
            found[part] = changes
    return found


def _entry(old: Json | None, new: Json) -> Json:
    """Return a block's difference where only its inside differs, else the whole entry."""
    if old is None or "block" not in new or _limits(old) != _limits(new):
        return new
    return {"inside": difference(old["block"], new["block"])}


def _limits(block: Json) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name != "block"}


def applied(old: Json, change: Json) -> dict[str, Any]:
    """Return the block `old` with a difference applied."""
    block: dict[str, Any] = dict(old)
    for part in _PARTS:
        entries: dict[str, Any] = dict(old.get(part, {}))
        for name, entry in change.get(part, {}).items():
            if entry is None:
                entries.pop(name, None)
            elif "inside" in entry:
                inside = applied(entries[name]["block"], entry["inside"])
                entries[name] = {**entries[name], "block": inside}
            else:
                entries[name] = entry
        if entries:
            block[part] = entries
        else:
            block.pop(part, None)
    return block
