"""Subnets and what is in them."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from azure_facts import refusals

from standin_providers.change import Change, answer, group_of, name_of, parent, same

_SUBNET = "azurerm_subnet"
_NETWORK = "azurerm_virtual_network"
_OCCUPANTS = (
    "azurerm_application_gateway",
    "azurerm_bastion_host",
    "azurerm_container_group",
    "azurerm_kubernetes_cluster",
    "azurerm_kubernetes_cluster_node_pool",
    "azurerm_network_interface",
    "azurerm_private_endpoint",
    "azurerm_postgresql_flexible_server",
)
Network = IPv4Network | IPv6Network


def subnet_is_in_use(change: Change) -> str | None:
    """A subnet cannot be deleted while something is in it."""
    if change.type != _SUBNET or change.action != "delete":
        return None
    for occupant in change.cloud.all(*_OCCUPANTS):
        if any(same(text, change.id) for text in strings(occupant)):
            return answer(refusals.SUBNET_IN_USE, name=name_of(change.id), user=occupant["id"])
    return None


def subnet_is_outside_of_its_network(change: Change) -> str | None:
    """Each range of a subnet is inside a range of its virtual network."""
    if change.type != _SUBNET or change.action == "delete":
        return None
    network = change.cloud.find(_NETWORK, parent(change.id, "virtualNetworks"))
    space = _ranges(network, "address_space") if network else []
    if space and not all(any(_inside(r, s) for s in space) for r in _own_ranges(change)):
        return answer(
            refusals.SUBNET_OUTSIDE_NETWORK,
            name=name_of(change.id),
            network=network and network.get("name"),
        )
    return None


def subnets_overlap(change: Change) -> str | None:
    """The subnets of a virtual network do not overlap."""
    if change.type != _SUBNET or change.action == "delete":
        return None
    network = parent(change.id, "virtualNetworks")
    for other in change.cloud.all(_SUBNET):
        if same(other["id"], change.id) or not same(
            parent(other["id"], "virtualNetworks"), network
        ):
            continue
        theirs = _ranges(other, "address_prefixes")
        if any(r.overlaps(t) for r in _own_ranges(change) for t in theirs):
            return answer(
                refusals.SUBNETS_OVERLAP,
                name=name_of(change.id),
                other=other.get("name"),
                network=name_of(network),
            )
    return None


def subnet_is_not_there(change: Change) -> str | None:
    """A resource is put only into a subnet that exists.

    What is in a resource group that the stacks do not make is taken to exist.
    """
    if change.action != "create" or change.type not in _OCCUPANTS:
        return None
    for text in strings(change.values):
        group_is_known = change.cloud.find("azurerm_resource_group", group_of(text))
        if "/subnets/" in text and group_is_known and not change.cloud.find(_SUBNET, text):
            return answer(refusals.INVALID_REFERENCE, reference=text, id=change.id)
    return None


def _own_ranges(change: Change) -> list[Network]:
    return _ranges(dict(change.values), "address_prefixes")


def _ranges(resource: dict[str, Any], name: str) -> list[Network]:
    return [ip_network(text, strict=False) for text in resource.get(name) or []]


def _inside(one: Network, other: Network) -> bool:
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]  # same


def strings(value: Any) -> Iterator[str]:
    """Yield every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
