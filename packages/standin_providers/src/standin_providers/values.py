"""Values as Terraform sends them: MessagePack, with unknown values as an extension type."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgpack  # type: ignore[import-untyped]  # the package ships no types


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is known after apply; Terraform's refinements of it are kept as they came."""

    code: int = 0
    data: bytes = b"\x00"

    def __deepcopy__(self, memo: object) -> "Unknown":
        return self


UNKNOWN = Unknown()


def decode(message: Any) -> Any:
    """Return the value of a `DynamicValue` message."""
    if message.msgpack:
        return msgpack.unpackb(message.msgpack, ext_hook=Unknown, strict_map_key=False)
    return json.loads(message.json) if message.json else None


def encode(value: Any) -> bytes:
    """Return the MessagePack of a value."""
    return bytes(msgpack.packb(value, default=_extension))


def is_known(value: Any) -> bool:
    """Whether nothing in the value is unknown."""
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return not isinstance(value, Unknown)


def items_of(value: Any) -> list[Mapping[str, Any]]:
    """Return the blocks of a value: one, a list of them, or none."""
    found = [value] if isinstance(value, dict) else value
    return [i for i in found if isinstance(i, dict)] if isinstance(found, list) else []


def _extension(value: object) -> Any:
    if isinstance(value, Unknown):
        return msgpack.ExtType(value.code, value.data)
    raise TypeError(f"{value!r} is no Terraform value")
