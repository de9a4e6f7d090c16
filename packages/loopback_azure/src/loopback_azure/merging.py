"""Documents put together, as Azure does with defaults, changes and its own values."""

import copy
from collections.abc import Mapping
from typing import Any

from loopback_azure.http_messages import Document


def over(base: Mapping[str, Any], top: Mapping[str, Any]) -> Document:
    """Return `base` with `top` laid over it, object by object; lists are replaced."""
    merged = copy.deepcopy(dict(base))
    for name, value in top.items():
        below = merged.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[name] = over(below, value)
        else:
            merged[name] = copy.deepcopy(value)
    return merged


def filled(document: Mapping[str, Any], defaults: Mapping[str, Any]) -> Document:
    """Return the document with defaults where it has nothing, or null."""
    given = {name: value for name, value in document.items() if value is not None}
    merged = copy.deepcopy(given)
    for name, value in defaults.items():
        if isinstance(value, Mapping) and isinstance(given.get(name), Mapping):
            merged[name] = filled(given[name], value)
        elif name not in given:
            merged[name] = copy.deepcopy(value)
    return merged


def patched(document: Mapping[str, Any], change: Mapping[str, Any]) -> Document:
    """Return the document after a merge patch (RFC 7396): null removes; tags are replaced."""
    merged = copy.deepcopy(dict(document))
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        elif name != "tags" and isinstance(value, Mapping):
            below = merged.get(name)
            merged[name] = patched(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[name] = copy.deepcopy(value)
    return merged
