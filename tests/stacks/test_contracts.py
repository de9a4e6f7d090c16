"""What crosses from stack to stack."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, get_origin

import pytest

from conventions.stack_names import STACKS

if TYPE_CHECKING:
    from stacks.contracts import Contract

REMOTE = re.compile(r"data\.terraform_remote_state\.(\w+)_state\.outputs\.(\w+)")


@pytest.fixture(params=STACKS[:-1])
def contract(request: pytest.FixtureRequest) -> type[Contract]:
    """The contract of each stack that hands something on."""
    from stacks import contracts as of

    known = (of.NetworkOutputs, of.DataOutputs, of.IdentityOutputs, of.PlatformOutputs)
    return next(each for each in known if each.stack == request.param)


def outputs(record: Any) -> list[str]:
    """The outputs that a record spreads over; those of a mapping depend on the environment."""
    return [
        output
        for field in fields(record)
        if get_origin(field.type) is not Mapping
        for output in (
            [f"{field.name}_{part}" for part in outputs(field.type)]
            if is_dataclass(field.type)
            else [field.name]
        )
    ]


def required(contract: type[Contract]) -> set[str]:
    """The outputs of every environment; some choose others, which may be None."""
    optional = {field.name for field in fields(contract) if field.type == str | None}
    return set(outputs(contract)) - optional


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_a_stack_publishes_exactly_its_contract(
    stacks: dict[str, Any], contract: type[Contract], env: str
) -> None:
    published = set(stacks[f"{contract.stack}-{env}"]["output"])

    assert required(contract) <= published <= set(outputs(contract))


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_every_read_output_is_published(stacks: dict[str, Any], env: str) -> None:
    for name in STACKS:
        for producer, output in REMOTE.findall(str(stacks[f"{name}-{env}"])):
            assert output in stacks[f"{producer}-{env}"]["output"], f"{name} reads {output}"


def test_every_field_of_a_contract_is_read(
    stacks: dict[str, Any], contract: type[Contract]
) -> None:
    read = {
        output
        for name, stack in stacks.items()
        for producer, output in REMOTE.findall(str(stack))
        if producer == contract.stack
    }

    assert required(contract) <= read <= set(outputs(contract))


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_reads_only_stacks_deployed_before_it(stacks: dict[str, Any], name: str) -> None:
    producers = {producer for producer, _ in REMOTE.findall(str(stacks[f"{name}-dev"]))}

    assert all(STACKS.index(producer) < STACKS.index(name) for producer in producers)


def test_every_stack_has_a_state_of_its_own(stacks: dict[str, Any]) -> None:
    places = [
        tuple(stack["terraform"]["backend"]["azurerm"][key] for key in ("container_name", "key"))
        for stack in stacks.values()
    ]

    assert len(set(places)) == len(stacks)


def test_the_state_is_opened_by_entra_id_and_no_key(stacks: dict[str, Any]) -> None:
    for stack in stacks.values():
        backend = stack["terraform"]["backend"]["azurerm"]

        assert backend["use_azuread_auth"] is True
        assert not {"access_key", "sas_token", "client_secret"} & set(backend)


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_a_reader_looks_where_the_producer_writes(stacks: dict[str, Any], env: str) -> None:
    for name in STACKS:
        remote = stacks[f"{name}-{env}"].get("data", {}).get("terraform_remote_state", {})
        for role, state in remote.items():
            producer = stacks[f"{role.removesuffix('_state')}-{env}"]

            assert state["config"] == producer["terraform"]["backend"]["azurerm"]


def test_the_manifest_orders_the_deployment(synthesized: Any) -> None:
    manifest = json.loads((synthesized / "manifest.json").read_text())["stacks"]

    chain = [manifest[f"{name}-prod"]["dependencies"] for name in STACKS]
    assert chain == [[], ["network-prod"], ["data-prod"], ["identity-prod"], ["platform-prod"]]
