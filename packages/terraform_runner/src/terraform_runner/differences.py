"""The attributes in which a planned change differs, with secrets masked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

UNKNOWN = "(known after apply)"
SENSITIVE = "(sensitive value)"


@dataclass(frozen=True, kw_only=True)
class AttributeChange:
    """One attribute that differs; sensitive and not yet known values are named as such."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class _Side:
    """A value, and the marks of what in it is sensitive."""

    value: Any
    marks: Any

    def at(self, key: str | int) -> "_Side":
        return _Side(_at(self.value, key), _at(self.marks, key))


def differences(change: dict[str, Any]) -> Iterator[AttributeChange]:
    """Yield what differs in the `change` object of a plan's JSON, leaf by leaf."""
    yield from _compare(
        "",
        _Side(change["before"], change.get("before_sensitive")),
        _Side(change["after"], change.get("after_sensitive")),
        change.get("after_unknown"),
    )


def _compare(path: str, before: _Side, after: _Side, unknown: Any) -> Iterator[AttributeChange]:
    hidden = before.marks is True or after.marks is True
    keys = _keys(before.value, after.value, unknown)
    if keys and not hidden:
        for key in keys:
            inner = f"{path}.{key}".lstrip(".")
            yield from _compare(inner, before.at(key), after.at(key), _at(unknown, key))
    elif unknown:
        yield AttributeChange(path=path, before=_shown(before, hidden), after=UNKNOWN)
    elif before.value != after.value:
        told = _shown(before, hidden), _shown(after, hidden)
        yield AttributeChange(path=path, before=told[0], after=told[1])


def _keys(before: Any, after: Any, unknown: Any) -> list[str | int]:
    """What to descend into: a block's attributes, the blocks of a list; a list of texts is one."""
    values = [value for value in (before, after, unknown) if value and value is not True]
    if values and all(isinstance(value, dict) for value in values):
        return list(dict.fromkeys(key for value in values for key in value))
    if any(isinstance(value, list) and isinstance(value[0], dict) for value in values):
        return list(range(max(len(value) for value in values)))
    return []


def _shown(side: _Side, hidden: bool) -> Any:
    return SENSITIVE if hidden and side.value is not None else side.value


def _at(value: Any, key: str | int) -> Any:
    try:
        return value[key]
    except (KeyError, IndexError, TypeError):
        return None
