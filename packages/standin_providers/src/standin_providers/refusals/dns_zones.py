"""Private DNS zones and the networks that they are linked to."""

from azure_facts import refusals

from standin_providers.change import Change, answer, name_of, parent, same

_LINK = "azurerm_private_dns_zone_virtual_network_link"


def network_is_linked_with_a_zone_of_that_name(change: Change) -> str | None:
    """A virtual network is linked to at most one zone of each name."""
    if change.type != _LINK or change.action == "delete":
        return None
    zone = parent(change.id, "privateDnsZones")
    for other in change.cloud.all(_LINK):
        theirs = parent(other["id"], "privateDnsZones")
        if (
            not same(theirs, zone)
            and same(name_of(theirs), name_of(zone))
            and same(other.get("virtual_network_id"), change.values.get("virtual_network_id"))
        ):
            return answer(refusals.ZONE_LINKED_TWICE, zone=name_of(zone))
    return None
