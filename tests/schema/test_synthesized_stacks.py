"""Every block of every synthesized stack is one that its provider accepts."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.policy.provider_schema import Provider, faults, unchecked

# Providers whose schemas are not among the reference data, and Terraform's own type
WITHOUT_SCHEMA = {"helm", "kubernetes", "random", "terraform"}


@pytest.fixture(scope="session")
def providers(shared_data: Path) -> list[Provider]:
    return [
        Provider(
            name,
            json.loads((shared_data / f"{name}-{version}-schema.json").read_text()),
            json.loads((shared_data / f"{name}-{version}-rules.json").read_text()),
        )
        for name, version in (("azurerm", "4.55.0"), ("azuread", "3.7.0"))
    ]


def test_providers_accept_every_block_and_argument(
    stacks: dict[str, Any], providers: list[Provider]
) -> None:
    refused = {name: faults(stack, providers) for name, stack in stacks.items()}

    assert refused == {name: [] for name in stacks}


def test_no_azure_block_escapes_its_schema(
    stacks: dict[str, Any], providers: list[Provider]
) -> None:
    types = {name for stack in stacks.values() for name in unchecked(stack, providers)}

    assert {name.split("_")[0] for name in types} <= WITHOUT_SCHEMA
