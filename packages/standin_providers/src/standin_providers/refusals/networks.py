"""Subnets and what stands in them; the private zone of a PostgreSQL server."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from standin_providers.change import Change, answer, group_of, name_of, parent, same

_SUBNET = "azurerm_subnet"
_NETWORK = "azurerm_virtual_network"
_SERVER = "azurerm_postgresql_flexible_server"
_DELEGATION = "Microsoft.DBforPostgreSQL/flexibleServers"
_OCCUPANTS = (
    "azurerm_application_gateway",
    "azurerm_bastion_host",
    "azurerm_container_group",
    "azurerm_kubernetes_cluster",
    "azurerm_kubernetes_cluster_node_pool",
    "azurerm_network_interface",
    "azurerm_private_endpoint",
    _SERVER,
)
Network = IPv4Network | IPv6Network


def subnet_is_in_use(change: Change) -> str | None:
    """A subnet cannot be deleted while something stands in it.

    https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-subnet
    """
    if change.type != _SUBNET or change.action != "delete":
        return None
    for occupant in change.cloud.all(*_OCCUPANTS):
        if any(same(text, change.id) for text in _strings(occupant)):
            return answer(
                "400 Bad Request",
                "InUseSubnetCannotBeDeleted",
                f"Subnet {name_of(change.id)} is in use by {occupant['id']} and cannot be deleted. "
                "In order to delete the subnet, delete all the resources within the subnet. "
                "See aka.ms/deletesubnet.",
            )
    return None


def subnet_is_outside_of_its_network(change: Change) -> str | None:
    """A subnet's ranges lie in the ranges of its virtual network.

    https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-subnet
    """
    if change.type != _SUBNET or change.action == "delete":
        return None
    network = change.cloud.find(_NETWORK, parent(change.id, "virtualNetworks"))
    space = _ranges(network, "address_space") if network else []
    if space and not all(any(_inside(r, s) for s in space) for r in _own_ranges(change)):
        return answer(
            "400 Bad Request",
            "NetcfgSubnetRangeOutsideVnet",
            f"Subnet '{name_of(change.id)}' is not valid because its IP address range is outside "
            f"the IP address range of virtual network '{network and network.get('name')}'.",
        )
    return None


def subnets_overlap(change: Change) -> str | None:
    """The subnets of a virtual network do not overlap.

    https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-subnet
    """
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
                "400 Bad Request",
                "NetcfgSubnetRangesOverlap",
                f"Subnet '{name_of(change.id)}' is not valid because its IP address range overlaps "
                f"with that of an existing subnet '{other.get('name')}' in virtual network "
                f"'{name_of(network)}'.",
            )
    return None


def subnet_is_not_there(change: Change) -> str | None:
    """What is put into a subnet needs the subnet; groups outside the stacks are assumed.

    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found
    """
    if change.action != "create" or change.type not in _OCCUPANTS:
        return None
    for text in _strings(change.values):
        group_is_known = change.cloud.find("azurerm_resource_group", group_of(text))
        if "/subnets/" in text and group_is_known and not change.cloud.find(_SUBNET, text):
            return answer(
                "400 Bad Request",
                "InvalidResourceReference",
                f"Resource {text} referenced by resource {change.id} was not found. Please make "
                "sure that the referenced resource exists, and that both resources are in the same "
                "region.",
            )
    return None


def server_subnet_is_not_delegated(change: Change) -> str | None:
    """A PostgreSQL server goes into a subnet that is delegated to it.

    https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-private
    """
    subnet = _server_subnet(change)
    if subnet is None or _DELEGATION in _strings(subnet):
        return None
    return answer(
        "400 Bad Request",
        "SubnetNotDelegated",
        f"The subnet {subnet['id']} must be delegated to {_DELEGATION}.",
    )


def server_has_no_private_zone(change: Change) -> str | None:
    """A PostgreSQL server in a delegated subnet needs a private DNS zone of the right name.

    https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-private
    """
    subnet, zone = _server_subnet(change), change.values.get("private_dns_zone_id")
    if subnet is None:
        return None
    if not zone:
        return answer(
            "400 Bad Request",
            "EmptyPrivateDnsZoneArmResourceId",
            "The private DNS zone must be set together with the delegated subnet.",
        )
    if not str(zone).lower().endswith(".postgres.database.azure.com"):
        return answer(
            "400 Bad Request",
            "PrivateDnsZoneNameNotValid",
            f"The private DNS zone {name_of(str(zone))} must end in .postgres.database.azure.com.",
        )
    return None


def server_zone_is_not_linked(change: Change) -> str | None:
    """The server's zone must be linked to the virtual network before the server is made.

    https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-private
    """
    subnet, zone = _server_subnet(change), str(change.values.get("private_dns_zone_id"))
    if subnet is None or not change.cloud.find("azurerm_private_dns_zone", zone):
        return None
    network = parent(subnet["id"], "virtualNetworks")
    links = change.cloud.all("azurerm_private_dns_zone_virtual_network_link")
    if any(
        same(parent(link["id"], "privateDnsZones"), zone)
        and same(link.get("virtual_network_id"), network)
        for link in links
    ):
        return None
    return answer(
        "400 Bad Request",
        "PrivateDnsZoneNotLinkedToVirtualNetwork",
        f"The private DNS zone {name_of(zone)} is not linked to the virtual network "
        f"{name_of(network)} of the delegated subnet; make the server depend on the link.",
    )


def _server_subnet(change: Change) -> dict[str, Any] | None:
    subnet = change.values.get("delegated_subnet_id")
    if change.type != _SERVER or change.action != "create" or not isinstance(subnet, str):
        return None
    return change.cloud.find(_SUBNET, subnet)


def _own_ranges(change: Change) -> list[Network]:
    return _ranges(dict(change.values), "address_prefixes")


def _ranges(resource: dict[str, Any], name: str) -> list[Network]:
    return [ip_network(text, strict=False) for text in resource.get(name) or []]


def _inside(one: Network, other: Network) -> bool:
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]  # same


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
