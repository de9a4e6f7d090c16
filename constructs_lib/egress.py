"""Egress from the network: a NAT gateway of our own, or a firewall elsewhere."""

from cdktf_cdktf_provider_azurerm.nat_gateway import NatGateway
from cdktf_cdktf_provider_azurerm.nat_gateway_public_ip_prefix_association import (
    NatGatewayPublicIpPrefixAssociation,
)
from cdktf_cdktf_provider_azurerm.public_ip_prefix import PublicIpPrefix
from cdktf_cdktf_provider_azurerm.route_table import RouteTable, RouteTableRoute
from cdktf_cdktf_provider_azurerm.subnet import Subnet
from cdktf_cdktf_provider_azurerm.subnet_nat_gateway_association import (
    SubnetNatGatewayAssociation,
)
from cdktf_cdktf_provider_azurerm.subnet_route_table_association import (
    SubnetRouteTableAssociation,
)
from constructs import Construct

from constructs_lib.place import Place

ALL_ZONES = ["1", "2", "3"]


class NatEgress(Construct):
    """A NAT gateway with fixed public addresses that partners can put on an allow list.

    StandardV2 stands in all zones of a region, and takes addresses of its own SKU only. Changing
    the SKU later means other addresses. A region without zones has the older Standard
    (learn.microsoft.com: "Reliability in Azure NAT Gateway"; AKS takes both as its way out).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        subnet: Subnet,
        addresses: int,
        zone_redundant: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        sku = "StandardV2" if zone_redundant else "Standard"
        prefix = PublicIpPrefix(
            self,
            "public_ip_prefix",
            name=place.names.of("ippre"),
            prefix_length=32 - (addresses.bit_length() - 1),
            sku=sku,
            zones=ALL_ZONES if zone_redundant else None,
            **place.at,
        )
        gateway = NatGateway(
            self,
            "Default",
            name=place.names.of("ng"),
            sku_name=sku,
            **place.at,
        )
        self.gateway_id: str | None = gateway.id
        NatGatewayPublicIpPrefixAssociation(
            self,
            "public_ip_prefix_association",
            nat_gateway_id=gateway.id,
            public_ip_prefix_id=prefix.id,
        )
        self.association = SubnetNatGatewayAssociation(
            self, "subnet_association", subnet_id=subnet.id, nat_gateway_id=gateway.id
        )


class FirewallEgress(Construct):
    """A route that sends everything to a firewall, which decides what may leave."""

    gateway_id: str | None = None  # none of ours

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        subnet: Subnet,
        firewall_private_ip: str,
    ) -> None:
        super().__init__(scope, construct_id)
        table = RouteTable(
            self,
            "Default",
            name=place.names.of("rt"),
            **place.at,
            bgp_route_propagation_enabled=False,
            route=[
                RouteTableRoute(
                    name="everything-to-the-firewall",
                    address_prefix="0.0.0.0/0",
                    next_hop_type="VirtualAppliance",
                    next_hop_in_ip_address=firewall_private_ip,
                )
            ],
        )
        self.association = SubnetRouteTableAssociation(
            self, "subnet_association", subnet_id=subnet.id, route_table_id=table.id
        )
