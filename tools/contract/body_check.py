"""Holds one JSON document to a type of Microsoft's, in the format of Azure/bicep-types.

https://github.com/Azure/bicep-types: a file is a list of types that point at each other by
`{"$ref": "#/index"}`. Flags of a property: 1 required, 2 read-only, 4 write-only.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_REQUIRED, _READ_ONLY, _WRITE_ONLY = 1, 2, 4
_ADDED = ("apiVersion",)  # Bicep's own: Azure reads it from the address
Types = Sequence[dict[str, Any]]


class Kind(StrEnum):
    """How a finding is meant."""

    FAULT = "fault"
    UNLISTED = "unlisted"
    """A value beside those that Microsoft lists, of a type that says there may be more."""
    IGNORED = "ignored"
    """Azure computes it and reads nothing of what is sent."""


@dataclass(frozen=True)
class Finding:
    """Something in a body that the type does not have."""

    kind: Kind
    path: str
    """For example `properties.rules[].severity`."""
    problem: str


@dataclass(frozen=True)
class BodyCheck:
    """The types of one file; a PATCH is not complete and may leave out what is required."""

    types: Types
    complete: bool = True

    def check(self, type_: dict[str, Any], value: Any, path: str = "") -> Iterator[Finding]:
        """Yield what in the value is not as the type says.

        Args:
            type_: the type, or a `$ref` to it.
            value: parsed JSON; null counts as nothing said.
            path: where the value stands in the body.
        """
        found = self._found(type_)
        match found["$type"]:
            case "ObjectType":
                yield from self._object(found, found["properties"], value, path)
            case "DiscriminatedObjectType":
                yield from self._discriminated(found, value, path)
            case "ArrayType":
                yield from self._array(found, value, path)
            case "UnionType":
                yield from self._union(found, value, path)
            case "StringLiteralType":
                if value != found["value"]:
                    yield _fault(path, f"is {value!r}, and only {found['value']!r} is allowed")
            case "StringType":
                yield from _string(found, value, path)
            case "IntegerType":
                yield from _integer(found, value, path)
            case "BooleanType":
                if not isinstance(value, bool):
                    yield _fault(path, f"is {value!r}, and no boolean")

    def _found(self, type_: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in type_:
            type_ = self.types[int(type_["$ref"].removeprefix("#/"))]
        return type_

    def _object(
        self, type_: dict[str, Any], properties: dict[str, Any], value: Any, path: str
    ) -> Iterator[Finding]:
        if not isinstance(value, dict):
            yield _fault(path, f"is {value!r}, and no object")
            return
        said = {name: inner for name, inner in value.items() if inner is not None}
        for name, one in properties.items():
            wanted = one["flags"] & (_REQUIRED | _READ_ONLY) == _REQUIRED and name not in _ADDED
            if wanted and self.complete and name not in said:
                yield _fault(_below(path, name), "is missing, and required")
        for name, inner in said.items():
            place = _below(path, name)
            if one := properties.get(name):
                yield from self._property(one, inner, place)
            elif more := type_.get("additionalProperties"):
                yield from self.check(more, inner, _below(path, "*"))
            else:
                near = ", ".join(sorted(properties))
                yield _fault(place, f"is unknown; known are {near}")

    def _property(self, one: dict[str, Any], value: Any, path: str) -> Iterator[Finding]:
        if one["flags"] & _READ_ONLY:
            yield Finding(Kind.IGNORED, path, "is read-only")
        elif one["flags"] & _WRITE_ONLY:  # may be a secret: what is wrong, without the value
            for found in self.check(one["type"], value, path):
                yield Finding(found.kind, found.path, "is not of the form that the type asks for")
        else:
            yield from self.check(one["type"], value, path)

    def _discriminated(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[Finding]:
        told = value.get(type_["discriminator"]) if isinstance(value, dict) else None
        chosen = type_["elements"].get(told)
        if chosen is None:
            place = _below(path, type_["discriminator"])
            yield _fault(place, f"is {told!r}, none of {', '.join(type_['elements'])}")
            return
        one = self._found(chosen)
        yield from self._object(one, {**type_["baseProperties"], **one["properties"]}, value, path)

    def _array(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[Finding]:
        if not isinstance(value, list):
            yield _fault(path, f"is {value!r}, and no list")
            return
        yield from _within(len(value), type_, "Length", path, " entries")
        for inner in value:
            yield from self.check(type_["itemType"], inner, f"{path}[]")

    def _union(self, type_: dict[str, Any], value: Any, path: str) -> Iterator[Finding]:
        elements = [self._found(one) for one in type_["elements"]]
        tried = [list(self.check(one, value, path)) for one in elements]
        if [] not in tried:
            allowed = ", ".join(repr(e["value"]) for e in elements if "value" in e)
            told = _fault(path, f"is {value!r}, none of {allowed}")
            yield told if allowed else min(tried, key=len)[0]
        elif "StringType" in {e["$type"] for e in elements} and isinstance(value, str):
            listed = [e["value"] for e in elements if e["$type"] == "StringLiteralType"]
            if listed and value not in listed:
                near = ", ".join(map(repr, listed))
                yield Finding(Kind.UNLISTED, path, f"is {value!r}, none of the listed {near}")


def _string(type_: dict[str, Any], value: Any, path: str) -> Iterator[Finding]:
    shown = "a secret" if type_.get("sensitive") else repr(value)
    if not isinstance(value, str):
        yield _fault(path, f"is {shown}, and no text")
        return
    yield from _within(len(value), type_, "Length", path, " characters")
    if (pattern := type_.get("pattern")) and not re.search(pattern, value):
        yield _fault(path, f"is {shown}, which does not match {pattern}")


def _integer(type_: dict[str, Any], value: Any, path: str) -> Iterator[Finding]:
    # JSON has one kind of number, and the types have no other: 0.5 is one of a CPU
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield _fault(path, f"is {value!r}, and no number")
        return
    yield from _within(value, type_, "Value", path, "")


def _within(
    value: float, type_: dict[str, Any], what: str, path: str, unit: str
) -> Iterator[Finding]:
    least, most = type_.get(f"min{what}"), type_.get(f"max{what}")
    if (least is not None and value < least) or (most is not None and value > most):
        limits = " to ".join("any" if one is None else str(one) for one in (least, most))
        yield _fault(path, f"has {value}{unit}, allowed are {limits}")


def _fault(path: str, problem: str) -> Finding:
    return Finding(Kind.FAULT, path or "the body", problem)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
