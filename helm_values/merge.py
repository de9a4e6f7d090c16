"""Parts of a chart's values, put together so that none hides another."""

from functools import reduce
from typing import Any

Values = dict[str, Any]
WORDS = ("args", "command")  # of one command: half of each would be none


def merged(*parts: Values) -> Values:
    """Return one table of all parts: tables are joined, lists follow each other.

    Raises:
        ValueError: two parts give the same key; the message names its path.
    """
    return reduce(lambda whole, part: _join(whole, part, ""), parts, {})


def overlaid(values: Values, further: Values) -> Values:
    """Return values with further ones laid over them, which win.

    Tables are joined, lists follow each other; a command and its arguments are replaced.
    """
    whole = dict(values)
    for key, value in further.items():
        own = whole.get(key)
        if isinstance(own, dict) and isinstance(value, dict):
            whole[key] = overlaid(own, value)
        elif isinstance(own, list) and isinstance(value, list) and key not in WORDS:
            whole[key] = [*own, *value]
        else:
            whole[key] = value
    return whole


def at(path: str, values: Values) -> Values:
    """Return `values` as the table at a dotted path, as `workers.celery`."""
    return reduce(lambda inner, key: {key: inner}, reversed(path.split(".")), values)


def _join(left: Values, right: Values, path: str) -> Values:
    joined = dict(left)
    for key, value in right.items():
        joined[key] = _both(joined[key], value, f"{path}{key}") if key in joined else value
    return joined


def _both(left: Any, right: Any, path: str) -> Any:
    if isinstance(left, dict) and isinstance(right, dict):
        return _join(left, right, f"{path}.")
    if isinstance(left, list) and isinstance(right, list):
        return [*left, *right]
    raise ValueError(f"two parts of the values set {path}: {left!r} and {right!r}")
