"""PostgreSQL servers in a subnet of their own: its delegation, and their private zone."""

from typing import Any

from azure_facts import refusals
from azure_facts.hosts import POSTGRES_SUFFIX

from standin_providers.change import Change, answer, name_of, parent, same
from standin_providers.refusals.subnets import strings

_SUBNET = "azurerm_subnet"
_SERVER = "azurerm_postgresql_flexible_server"
_DELEGATION = "Microsoft.DBforPostgreSQL/flexibleServers"


def server_subnet_is_not_delegated(change: Change) -> str | None:
    """A PostgreSQL server is put into a subnet that is delegated to Flexible Server."""
    subnet = _server_subnet(change)
    if subnet is None or _DELEGATION in strings(subnet):
        return None
    return answer(refusals.SUBNET_NOT_DELEGATED, subnet=subnet["id"], service=_DELEGATION)


def server_has_no_private_zone(change: Change) -> str | None:
    """A PostgreSQL server in a delegated subnet needs a private DNS zone of the right name."""
    subnet, zone = _server_subnet(change), change.values.get("private_dns_zone_id")
    if subnet is None:
        return None
    if not zone:
        return answer(refusals.SERVER_WITHOUT_ZONE)
    if not str(zone).lower().endswith(POSTGRES_SUFFIX):
        return answer(refusals.SERVER_ZONE_NAME, zone=name_of(str(zone)), suffix=POSTGRES_SUFFIX)
    return None


def server_zone_is_not_linked(change: Change) -> str | None:
    """The server's zone must be linked to the virtual network before the server is made."""
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
    return answer(refusals.SERVER_ZONE_NOT_LINKED, zone=name_of(zone), network=name_of(network))


def _server_subnet(change: Change) -> dict[str, Any] | None:
    subnet = change.values.get("delegated_subnet_id")
    if change.type != _SERVER or change.action != "create" or not isinstance(subnet, str):
        return None
    return change.cloud.find(_SUBNET, subnet)
