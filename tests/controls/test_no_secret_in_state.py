"""No state of any stack holds a secret that we made or were given."""

import re
from typing import Any

import pytest

from synthesis.resources import Resource
from tools.policy import provider_facts

# Resources whose result is a secret, and data sources that read one: the state keeps both
SECRET_TYPES = {
    "azuread_application_password",
    "azuread_service_principal_password",
    "azurerm_key_vault_secret",
    "azurerm_storage_account_sas",
    "kubernetes_secret",
    "random_bytes",
    "random_password",
    "tls_private_key",
}
WRITE_ONLY = {"azurerm_key_vault_secret"}
SECRET_ATTRIBUTE = re.compile(r"\.\w*(password|access_key|connection_string|client_secret)\b")


def resources(stacks: dict[str, Any]) -> list[Resource]:
    return [
        Resource(stack, kind, name, arguments)
        for stack, content in stacks.items()
        for kind, named in content.get("resource", {}).items()
        for name, arguments in named.items()
    ]


def test_no_argument_that_a_provider_marks_sensitive_is_set(stacks: dict[str, Any]) -> None:
    set_ones = [
        f"{one.stack}: {one.address}.{path}"
        for one in resources(stacks)
        for path in provider_facts.sensitive_arguments(one.type)
        if one.all(path)
    ]

    assert set_ones == []


def test_no_resource_makes_a_secret_that_the_state_keeps(stacks: dict[str, Any]) -> None:
    made = {one.type for one in resources(stacks)}

    assert made & SECRET_TYPES == WRITE_ONLY


def test_no_data_source_reads_a_secret(stacks: dict[str, Any]) -> None:
    read = {kind for content in stacks.values() for kind in content.get("data", {})}

    assert read & SECRET_TYPES == set()


def test_no_output_gives_a_secret_to_the_next_stack(stacks: dict[str, Any]) -> None:
    outputs = [
        (stack, name, str(output))
        for stack, content in stacks.items()
        for name, output in content.get("output", {}).items()
    ]

    assert [one for one in outputs if SECRET_ATTRIBUTE.search(one[2])] == []


@pytest.mark.parametrize("stack", ["data-dev", "data-prod"])
@pytest.mark.parametrize("secret", ["fernet_key", "jwt_secret", "api_secret_key"])
def test_secrets_of_airflow_are_made_and_written_without_a_trace(
    stacks: dict[str, Any], stack: str, secret: str
) -> None:
    written = stacks[stack]["resource"]["azurerm_key_vault_secret"][secret]

    assert f"ephemeral.random_password.{secret}.result" in written["value_wo"]
    assert secret in stacks[stack]["ephemeral"]["random_password"]


def test_no_network_leads_to_an_account_whose_keys_work(stacks: dict[str, Any]) -> None:
    found = resources(stacks)
    with_keys = [
        one
        for one in found
        if one.type == "azurerm_storage_account" and one.arguments["shared_access_key_enabled"]
    ]
    endpoints = [str(one.arguments) for one in found if one.type == "azurerm_private_endpoint"]

    assert {one.stack for one in with_keys} == {"platform-dev", "platform-prod"}
    for account in with_keys:
        assert account.arguments["public_network_access_enabled"] is False
        assert not [text for text in endpoints if f"{account.address}.id" in text]
