"""The derived schemas and the kept facts, against the real ones, for every type there is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from standin_providers.facts import facts_of
from standin_providers.newer import applied, difference
from standin_providers.provider_schemas import ProviderSchemas

Reference = Callable[[str], Path]
PROVIDERS = {"azurerm": "azurerm-4.81.0", "azuread": "azuread-3.7.0"}
KINDS = {
    "resource": ("resource_schemas", "resources"),
    "data": ("data_source_schemas", "data_sources"),
}
BOTH = [(provider, kind) for provider in PROVIDERS for kind in KINDS]
# an attribute's flags, without the prose; `deprecated` of a block is not in the reference data
PROSE = {"description", "description_kind", "deprecated"}


def real(reference: Reference, provider: str, which: str) -> Any:
    return json.loads(reference(f"{PROVIDERS[provider]}-{which}.json").read_text())


def without_prose(schema: Any) -> Any:
    """The schema as Terraform uses it: no texts, nothing that is empty."""
    if not isinstance(schema, dict):
        return schema
    kept = {name: without_prose(part) for name, part in schema.items() if name not in PROSE}
    return {name: part for name, part in kept.items() if part not in ({}, False)}


@pytest.mark.parametrize(("provider", "kind"), BOTH)
def test_every_schema_is_the_real_one(reference: Reference, provider: str, kind: str) -> None:
    schemas = real(reference, provider, "schema")[KINDS[kind][0]]
    expected = {type_: without_prose(schema["block"]) for type_, schema in schemas.items()}

    derived = ProviderSchemas(provider).blocks(kind, expected)

    different = {
        type_
        for type_, block in expected.items()
        if type_ not in derived or without_prose(derived[type_].to_json()) != block
    }
    assert different == set()


# what bindings lose; the rules of the pinned version complete it
LOST = {"sensitive", "deprecated", "write_only", "min_items", "max_items"}


def as_bound(schema: Any) -> Any:
    """The schema with what every binding keeps of it."""
    if not isinstance(schema, dict):
        return schema
    return {name: as_bound(part) for name, part in schema.items() if name not in LOST}


@pytest.mark.parametrize("kind", KINDS)
def test_a_binding_is_read_as_the_provider_that_it_was_made_from(
    reference: Reference, kind: str
) -> None:
    schemas = json.loads(reference("azurerm-4.55.0-schema.json").read_text())[KINDS[kind][0]]
    expected = {type_: as_bound(without_prose(one["block"])) for type_, one in schemas.items()}

    derived = ProviderSchemas("azurerm", bound=True).blocks(kind, expected)

    different = {
        type_
        for type_, block in expected.items()
        if as_bound(without_prose(derived[type_].to_json())) != block
    }
    # the extraction has another type for one attribute, which the rules give
    assert different - {"azurerm_key_vault_certificate_data"} == set()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_providers_configuration_is_the_real_one(reference: Reference, provider: str) -> None:
    expected = real(reference, provider, "schema")["provider"]["block"]

    derived = ProviderSchemas(provider).configuration.to_json()

    assert without_prose(derived) == without_prose(expected)


def test_every_ephemeral_schema_is_the_real_one(reference: Reference) -> None:
    schemas = real(reference, "azurerm", "schema")["ephemeral_resource_schemas"]
    expected = {type_: without_prose(schema["block"]) for type_, schema in schemas.items()}

    derived = ProviderSchemas("azurerm").blocks("ephemeral", expected)

    assert {t: without_prose(block.to_json()) for t, block in derived.items()} == expected


@pytest.mark.parametrize(("provider", "kind"), BOTH)
def test_every_rule_of_the_provider_is_kept(reference: Reference, provider: str, kind: str) -> None:
    rules = real(reference, provider, "rules")[KINDS[kind][1]]
    for type_, path, name in WIDER:
        rules.get(type_, {}).get(path, {}).pop(name, None)

    kept = {
        type_: {
            path: {name: listed(getattr(facts.rules[path], name)) for name in fact}
            for path, fact in paths.items()
        }
        for type_, paths in rules.items()
        if (facts := facts_of(provider, kind, type_))
    }

    assert kept == rules


def listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


# They take the values that their schema lists, or an id.
WIDER = (
    ("azurerm_kubernetes_cluster", "private_dns_zone_id", "one_of"),
    (
        "azurerm_subnet_service_endpoint_storage_policy",
        "definition.service_resources",
        "elements_one_of",
    ),
)


@pytest.mark.parametrize(
    ("provider", "version"),
    [("azurerm", "4.55.0"), ("azuread", "3.7.0"), ("helm", "3.1.1"), ("kubernetes", "2.38.0")],
)
def test_the_binding_tells_the_providers_version(provider: str, version: str) -> None:
    assert ProviderSchemas(provider, bound=True).version == version


def test_the_pinned_version_is_stood_in_for() -> None:
    assert ProviderSchemas("azurerm").version == "4.81.0"


def test_a_difference_makes_the_new_block_of_the_old_one() -> None:
    rule = {"nesting_mode": "list", "block": {"attributes": {"a": {"type": "string"}}}}
    wider = {"nesting_mode": "list", "block": {"attributes": {"b": {"type": "bool"}}}}
    old = {"attributes": {"gone": {"type": "string"}}, "block_types": {"rule": rule}}
    new = {"attributes": {"sku": {"type": "string"}}, "block_types": {"rule": wider}}

    change = difference(old, new)

    assert applied(old, change) == new
    assert change["block_types"]["rule"] == {
        "inside": {"attributes": {"a": None, "b": {"type": "bool"}}}
    }
