"""The facts are complete, and each is the one that its users rely on."""

import ipaddress
import uuid

import pytest
from azure_facts import directory, hosts, limits, refusals
from azure_facts.refusals import Refusal

REFUSALS = {name: each for name, each in vars(refusals).items() if isinstance(each, Refusal)}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_names_a_page_of_microsoft(name: str) -> None:
    page = REFUSALS[name].page

    assert page.startswith("https://learn.microsoft.com/")


def test_a_refusal_names_what_it_is_about() -> None:
    text = refusals.SUBNET_IN_USE.message(name="snet-nodes", user="aks-airflow")

    assert text.startswith("Subnet snet-nodes is in use by aks-airflow and cannot be deleted.")


def test_a_refusal_without_its_values_is_an_error() -> None:
    with pytest.raises(KeyError, match="user"):
        refusals.SUBNET_IN_USE.message(name="snet-nodes")


@pytest.mark.parametrize("number", [0, 250, 251, 2**32])
def test_a_subnet_keeps_its_first_four_addresses_and_its_last(number: int) -> None:
    address = ipaddress.IPv4Address(limits.free_address("10.1.2.0/24", number))

    assert ipaddress.IPv4Address("10.1.2.4") <= address <= ipaddress.IPv4Address("10.1.2.254")


@pytest.mark.parametrize("id_", [*directory.ROLES.values(), *directory.POLICIES])
def test_a_built_in_definition_has_a_guid(id_: str) -> None:
    assert str(uuid.UUID(id_)) == id_


def test_a_static_website_lies_in_a_zone() -> None:
    assert f"stairflow{hosts.storage_suffix('web')}" == "stairflow.z6.web.core.windows.net"
