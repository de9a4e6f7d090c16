"""The validator refuses each kind of mistake, and nothing that Terraform accepts."""

from typing import Any

import pytest

from tests.schema.provider_schema import Provider, faults, unchecked

TEXT = {"type": "string", "optional": True}
VAULT = {
    "attributes": {
        "name": {"type": "string", "required": True},
        "days": {"type": "number", "optional": True},
        "open": {"type": "bool", "optional": True},
        "zones": {"type": ["set", "string"], "optional": True},
        "tags": {"type": ["map", "string"], "optional": True},
        "tier": TEXT,
        "old": {**TEXT, "deprecated": True},
        "outdated": TEXT,
        "id": {**TEXT, "computed": True},
        "uri": {"type": "string", "computed": True},
        "rule": {"type": ["list", ["object", {"port": "number"}]], "optional": True},
        "key": TEXT,
        "key_version": TEXT,
        "left": TEXT,
        "right": TEXT,
    },
    "block_types": {
        "network": {
            "nesting_mode": "list",
            "max_items": 1,
            "block": {
                "attributes": {
                    "action": {"type": "string", "required": True},
                    "from": TEXT,
                    "to": TEXT,
                }
            },
        },
        "identity": {
            "nesting_mode": "list",
            "block": {"attributes": {"ids": {"type": ["list", "string"], "optional": True}}},
        },
    },
}
RULES = {
    "tier": {"one_of": ["Standard", "Premium"]},
    "zones": {"elements_one_of": ["1", "2", "3"], "max_items": 2},
    "outdated": {"deprecated": True},
    "key": {"required_with": ["identity.ids"]},
    "key_version": {"conflicts_with": ["tier"]},
    "left": {"exactly_one_of": ["left", "right"]},
    "right": {"exactly_one_of": ["left", "right"]},
    "network.from": {"at_least_one_of": ["network.from", "network.to"]},
}
PROVIDER = Provider(
    "az",
    {
        "resource_schemas": {"az_vault": {"block": VAULT}},
        "data_source_schemas": {"az_vault": {"block": VAULT}},
        "provider": {"block": {"attributes": {"tenant": {"type": "string", "required": True}}}},
    },
    {"resources": {"az_vault": RULES}},
)
GOOD: dict[str, Any] = {"name": "v", "left": "x"}


def vault(**arguments: Any) -> dict[str, Any]:
    return {"resource": {"az_vault": {"v": {**GOOD, **arguments}}}}


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"days": 7, "open": True, "tags": {"a": "b"}},
        {"days": "7", "open": "false", "name": 3},
        {"days": "${var.days}", "network": "${var.network}"},
        {"network": {"action": "Deny", "to": "all"}},
        {"network": [{"action": "Deny", "from": "all"}]},
        {"network": None, "tier": None, "key": None},
        {"rule": [{"port": 1}]},
        {"key": "k", "identity": {"ids": ["i"]}},
        {"lifecycle": {"ignore_changes": ["network[0].action"]}, "depends_on": ["az_vault.w"]},
        {"//": {"metadata": {}}, "count": 2, "for_each": {}, "provider": "az.other"},
    ],
)
def test_what_terraform_accepts_has_no_fault(arguments: dict[str, Any]) -> None:
    assert faults(vault(**arguments), [PROVIDER]) == []


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"nmae": "v"}, ".nmae: unknown argument"),
        ({"name": None}, ".name: missing"),
        ({"days": "seven"}, ".days: number, not 'seven'"),
        ({"days": True}, ".days: number, not True"),
        ({"open": "yes"}, ".open: bool, not 'yes'"),
        ({"zones": "1"}, ".zones: set of string, not '1'"),
        ({"tags": ["a"]}, ".tags: map of string, not ['a']"),
        ({"rule": [{"prot": 1}]}, ".rule: list of object, not [{'prot': 1}]"),
        ({"uri": "x"}, ".uri: cannot be set, Azure gives it"),
        ({"id": "x"}, ".id: cannot be set, Azure gives it"),
        ({"old": "x"}, ".old: deprecated"),
        ({"outdated": "x"}, ".outdated: deprecated"),
        ({"tier": "Gold"}, ".tier: 'Gold' is none of Standard, Premium"),
        ({"zones": ["9"]}, ".zones: '9' is none of 1, 2, 3"),
        ({"zones": ["1", "2", "3"]}, ".zones: at most 2, not 3"),
        ({"key": "k"}, ".key: only together with identity.ids"),
        ({"key_version": "1", "tier": "Premium"}, ".key_version: not together with tier"),
        ({"right": "y"}, ": exactly one of left, right, not 2"),
        ({"left": None}, ": exactly one of left, right, not 0"),
        ({"network": {"from": "a"}}, ".network.action: missing"),
        (
            {"network": {"action": "Deny"}},
            ".network: at least one of network.from, network.to, not 0",
        ),
        (
            {"network": [{"action": "a", "to": "t"}, {"action": "b", "to": "t"}]},
            ".network: at most 1, not 2",
        ),
        ({"network": ["Deny"]}, ".network: a block, not 'Deny'"),
        (
            {"lifecycle": {"ignore_changes": ["naem"]}},
            ".lifecycle.ignore_changes: 'naem' is no argument",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(arguments: dict[str, Any], fault: str) -> None:
    assert faults(vault(**arguments), [PROVIDER]) == [f"az_vault.v{fault}"]


def test_a_type_that_the_provider_lacks_is_a_fault() -> None:
    stack: dict[str, Any] = {"resource": {"az_valut": {"v": {}}}}

    assert faults(stack, [PROVIDER]) == ["az_valut: the provider has no such resource"]


def test_data_sources_are_checked_too() -> None:
    stack = {"data": {"az_vault": {"v": {"left": "x"}}}}

    assert faults(stack, [PROVIDER]) == ["az_vault.v.name: missing"]


def test_provider_blocks_are_checked_too() -> None:
    stack = {"provider": {"az": [{"tennant": "t"}]}}

    assert faults(stack, [PROVIDER]) == [
        "provider.az.tennant: unknown argument",
        "provider.az.tenant: missing",
    ]


def test_a_type_of_no_given_provider_is_reported_as_unchecked() -> None:
    assert unchecked({"resource": {"helm_release": {}, "az_vault": {}}}, [PROVIDER]) == {
        "helm_release"
    }
