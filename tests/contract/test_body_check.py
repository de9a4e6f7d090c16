"""A body against a type in Microsoft's format: every kind of fault is found, and nothing else."""

import copy
from typing import Any

import pytest

from tools.contract.body_check import BodyCheck, Finding, Kind

REQUIRED, READ_ONLY, WRITE_ONLY = 1, 2, 4
NAME, TAGS, COUNT, TIER, KINDS, CHOICE, ON, SECRET, A, B, SUBNETS, BODY = range(12)


def _ref(index: int) -> dict[str, str]:
    return {"$ref": f"#/{index}"}


def _field(index: int, flags: int = 0) -> dict[str, Any]:
    return {"type": _ref(index), "flags": flags}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"$type": "ObjectType", "properties": properties}


def _literal(value: str) -> dict[str, str]:
    return {"$type": "StringLiteralType", "value": value}


TYPES: list[dict[str, Any]] = [
    {"$type": "StringType", "minLength": 3, "maxLength": 6, "pattern": "^[a-z]+$"},
    {**_object(), "additionalProperties": _ref(NAME)},
    {"$type": "IntegerType", "minValue": 1, "maxValue": 9},
    {"$type": "UnionType", "elements": [_literal("Basic"), _literal("Standard")]},
    {
        "$type": "UnionType",
        "elements": [_literal("Spot"), _literal("Regular"), {"$type": "StringType"}],
    },
    {
        "$type": "DiscriminatedObjectType",
        "discriminator": "kind",
        "baseProperties": {"count": _field(COUNT)},
        "elements": {"A": _ref(A), "B": _ref(B)},
    },
    {"$type": "BooleanType"},
    {"$type": "StringType", "sensitive": True, "minLength": 8},
    _object(kind=_field(12), name=_field(NAME, REQUIRED)),
    _object(kind=_field(13)),
    {"$type": "ArrayType", "itemType": _ref(NAME), "maxLength": 2},
    _object(
        name=_field(NAME, REQUIRED),
        tags=_field(TAGS),
        count=_field(COUNT),
        tier=_field(TIER, REQUIRED),
        priority=_field(KINDS),
        choice=_field(CHOICE),
        on=_field(ON),
        password=_field(SECRET, WRITE_ONLY),
        state=_field(NAME, READ_ONLY | REQUIRED),
        subnets=_field(SUBNETS),
    ),
    _literal("A"),
    _literal("B"),
]
GOOD: dict[str, Any] = {
    "name": "data",
    "tags": {"owner": "team"},
    "count": 3,
    "tier": "Basic",
    "priority": "Spot",
    "choice": {"kind": "A", "name": "one", "count": 1},
    "on": True,
    "password": "long-enough",
    "subnets": ["one", "two"],
}


def found(body: dict[str, Any], *, complete: bool = True) -> list[Finding]:
    """Check a body."""
    return list(BodyCheck(TYPES, complete).check(TYPES[BODY], body))


def test_a_body_that_is_as_its_type_says_has_no_finding() -> None:
    assert found(GOOD) == []


PLANTED = {
    "a required field left out": ({"tier": None}, "tier", "is missing"),
    "a misspelt field": ({"teir": "Basic"}, "teir", "is unknown"),
    "a name too short": ({"name": "ab"}, "name", "has 2 characters, allowed are 3 to 6"),
    "a name against the pattern": ({"name": "Data"}, "name", "does not match"),
    "a number out of range": ({"count": 10}, "count", "has 10, allowed are 1 to 9"),
    "a number as text": ({"count": "3"}, "count", "no number"),
    "a switch as text": ({"on": "true"}, "on", "no boolean"),
    "a value of no closed list": ({"tier": "Premium"}, "tier", "none of 'Basic', 'Standard'"),
    "a value in other letters": ({"tier": "basic"}, "tier", "none of 'Basic', 'Standard'"),
    "an object for a list": ({"subnets": {}}, "subnets", "no list"),
    "a list too long": ({"subnets": ["one", "two", "three"]}, "subnets", "has 3 entries"),
    "a fault inside a list": ({"subnets": ["1"]}, "subnets[]", "characters"),
    "a fault inside a map": ({"tags": {"owner": "x"}}, "tags.*", "characters"),
    "an unknown kind of object": ({"choice": {"kind": "C"}}, "choice.kind", "none of A, B"),
    "a field of another kind": ({"choice": {"kind": "B", "name": "one"}}, "choice.name", "unknown"),
    "a field that this kind needs": ({"choice": {"kind": "A"}}, "choice.name", "is missing"),
}


@pytest.mark.parametrize(("change", "path", "problem"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_found_where_it_stands(
    change: dict[str, Any], path: str, problem: str
) -> None:
    faults = found(copy.deepcopy(GOOD) | change)

    assert path in {fault.path for fault in faults}
    assert any(problem in fault.problem for fault in faults)
    assert {fault.kind for fault in faults} == {Kind.FAULT}


def test_a_value_beside_an_open_list_is_told_as_such() -> None:
    (finding,) = found(GOOD | {"priority": "Low"})

    assert finding.kind is Kind.UNLISTED


def test_a_read_only_field_is_ignored_and_never_required() -> None:
    (finding,) = found(GOOD | {"state": "Succeeded"})

    assert (finding.kind, finding.path) == (Kind.IGNORED, "state")


def test_a_patch_may_leave_out_what_is_required() -> None:
    assert found({"count": 3}, complete=False) == []


def test_a_secret_that_is_refused_is_not_shown() -> None:
    (finding,) = found(GOOD | {"password": "hunter2"})

    assert "hunter2" not in finding.problem
