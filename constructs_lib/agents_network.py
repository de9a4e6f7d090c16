"""The network of the pipelines' agents: a subnet for each kind of them, and one way out."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

from cdktf_cdktf_provider_azurerm.subnet import Subnet
from cdktf_cdktf_provider_azurerm.subnet_nat_gateway_association import (
    SubnetNatGatewayAssociation,
)
from cdktf_cdktf_provider_azurerm.virtual_network import VirtualNetwork
from constructs import Construct

from constructs_lib.egress import NatEgress
from constructs_lib.place import Place
from constructs_lib.subnet import Opening, SecuredSubnet


class AgentsNetwork(Construct):
    """Nothing enters its subnets. What leaves them has one fixed public address.

    Only agents that `deploy` reach all of the environments' networks; the others reach private
    endpoints and nothing else. A security group knows addresses: which of the endpoints somebody
    may use, roles decide.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        address_space: IPv4Network,
        subnets: Mapping[str, IPv4Network],
        endpoints: Sequence[IPv4Network],
        reach_everything: Sequence[str],
        delegated_to: str | None,
        zone_redundant: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self._place = place
        self._network = VirtualNetwork(
            self,
            "Default",
            name=place.names.of("vnet"),
            **place.at,
            address_space=[str(address_space)],
        )
        self.id = self._network.id
        self.subnet_ids: dict[str, str] = {}
        self.security_group_ids: dict[str, str] = {}
        self._gateway_id: str | None = None
        for role, cidr in subnets.items():
            secured = SecuredSubnet(
                self,
                f"agents_{role}",
                place=place,
                network=self._network,
                cidr=cidr,
                openings=[],
                delegated_to=delegated_to,
                reaches=None if role in reach_everything else list(map(str, endpoints)),
            )
            self.security_group_ids[role] = secured.security_group.id
            self.subnet_ids[role] = self._let_out(
                f"agents_{role}", secured.subnet, zone_redundant=zone_redundant
            )

    def add_jump_host(self, cidr: IPv4Network, bastion: IPv4Network) -> tuple[str, str]:
        """Add a subnet for a machine that people sign in to, and Bastion's; return their ids."""
        own = SecuredSubnet(
            self,
            "jump_host",
            place=self._place,
            network=self._network,
            cidr=cidr,
            openings=[
                Opening(
                    name="bastion-to-jump-host",
                    source=str(bastion),
                    ports=["22"],
                    why="People who signed in to Bastion",
                )
            ],
        )
        self.security_group_ids["jump_host"] = own.security_group.id
        before = Subnet(
            self,
            "bastion",
            name="AzureBastionSubnet",  # Azure wants this name
            resource_group_name=self._place.resource_group_name,
            virtual_network_name=self._network.name,
            address_prefixes=[str(bastion)],
        )
        return self._let_out("jump_host", own.subnet, zone_redundant=False), before.id

    def _let_out(self, role: str, subnet: Subnet, *, zone_redundant: bool) -> str:
        """Let a subnet out by the one gateway; what reads the answer waits for it."""
        if self._gateway_id is None:
            egress = NatEgress(
                self,
                "egress",
                place=self._place,
                subnet=subnet,
                addresses=1,
                zone_redundant=zone_redundant,
            )
            self._gateway_id = str(egress.gateway_id)
            return egress.association.subnet_id
        return SubnetNatGatewayAssociation(
            self, f"{role}_way_out", subnet_id=subnet.id, nat_gateway_id=self._gateway_id
        ).subnet_id
