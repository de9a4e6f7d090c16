"""Private DNS zones, each linked to every network that must resolve it."""

from collections.abc import Mapping

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_azurerm.private_dns_zone import PrivateDnsZone
from cdktf_cdktf_provider_azurerm.private_dns_zone_virtual_network_link import (
    PrivateDnsZoneVirtualNetworkLink,
)
from constructs import Construct

from constructs_lib.place import Place


class LinkedZone(Construct):
    """A private DNS zone with a link to each network, by a short name.

    `after` orders the links behind what must outlive them on destroy: a Postgres server holds on
    to its subnet until the link of its zone is gone (InUseSubnetCannotBeDeleted).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        zone_name: str,
        network_ids: Mapping[str, str],
        after: list[ITerraformDependable],
    ) -> None:
        super().__init__(scope, construct_id)
        self.zone = PrivateDnsZone(
            self, "Default", name=zone_name, resource_group_name=place.resource_group_name
        )
        self.links = [
            PrivateDnsZoneVirtualNetworkLink(
                self,
                name.replace("-", "_"),
                name=name,
                resource_group_name=place.resource_group_name,
                private_dns_zone_name=self.zone.name,
                virtual_network_id=network_id,
                depends_on=after,
            )
            for name, network_id in network_ids.items()
        ]
