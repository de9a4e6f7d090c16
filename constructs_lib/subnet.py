"""A subnet with its security group: closed from inside the network too, but for what is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from cdktf_cdktf_provider_azurerm.network_security_group import (
    NetworkSecurityGroup,
    NetworkSecurityGroupSecurityRule,
)
from cdktf_cdktf_provider_azurerm.subnet import (
    Subnet,
    SubnetDelegation,
    SubnetDelegationServiceDelegation,
)
from cdktf_cdktf_provider_azurerm.subnet_network_security_group_association import (
    SubnetNetworkSecurityGroupAssociation,
)
from cdktf_cdktf_provider_azurerm.virtual_network import VirtualNetwork
from constructs import Construct

from constructs_lib.place import Place


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Traffic that may enter a subnet: from a CIDR or service tag, to which ports, and why."""

    name: str
    source: str
    ports: Sequence[str]
    why: str
    protocol: str = "Tcp"


class SecuredSubnet(Construct):
    """A subnet that admits only its `openings`.

    Azure lets all addresses of a virtual network reach each other (rule AllowVnetInBound, 65000);
    a rule before it denies that. `delegated_to` hands the subnet to one service, and nothing else
    can be placed in it (learn.microsoft.com: "What is subnet delegation?"). `reaches` are the
    ranges of this network and its peers that it may speak to, by HTTPS; None: all of them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        network: VirtualNetwork,
        cidr: IPv4Network,
        openings: Sequence[Opening],
        delegated_to: str | None = None,
        service_endpoints: Sequence[str] = (),
        reaches: Sequence[str] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        role = construct_id.replace("_", "-")
        self.subnet = Subnet(
            self,
            "Default",
            name=place.names.of("snet", role),
            resource_group_name=place.resource_group_name,
            virtual_network_name=network.name,
            address_prefixes=[str(cidr)],
            default_outbound_access_enabled=False,
            private_endpoint_network_policies="NetworkSecurityGroupEnabled",
            delegation=[_delegation(delegated_to)] if delegated_to else None,
            service_endpoints=list(service_endpoints) or None,
        )
        self.security_group = NetworkSecurityGroup(
            self,
            "security_group",
            name=place.names.of("nsg", role),
            **place.at,
            security_rule=[
                *map(_allow, range(len(openings)), openings),
                *_ways_out(reaches),
                _DENY_REMOTE_DESKTOP,
                _DENY_THE_REST,
            ],
        )
        self.association = SubnetNetworkSecurityGroupAssociation(
            self,
            "security_group_association",
            subnet_id=self.subnet.id,
            network_security_group_id=self.security_group.id,
        )


def _delegation(service: str) -> SubnetDelegation:
    return SubnetDelegation(
        name="delegation",
        service_delegation=SubnetDelegationServiceDelegation(
            name=service, actions=["Microsoft.Network/virtualNetworks/subnets/join/action"]
        ),
    )


def _allow(position: int, opening: Opening) -> NetworkSecurityGroupSecurityRule:
    return NetworkSecurityGroupSecurityRule(
        name=opening.name,
        description=opening.why,
        priority=100 + 10 * position,
        direction="Inbound",
        access="Allow",
        protocol=opening.protocol,
        source_address_prefix=opening.source,
        source_port_range="*",
        destination_address_prefix="*",
        **_ports(opening.ports),
    )


def _ways_out(reaches: Sequence[str] | None) -> list[NetworkSecurityGroupSecurityRule]:
    if reaches is None:
        return []
    closed = _deny(
        "deny-other-machines",
        "What else is in this network and its peers; the internet stays open",
        priority=3990,
        direction="Outbound",
        destination="VirtualNetwork",
        port="*",
    )
    if not reaches:
        return [closed]
    endpoints = NetworkSecurityGroupSecurityRule(
        name="to-private-endpoints",
        description="Private endpoints of the environments: who may do what there, roles decide",
        priority=100,
        direction="Outbound",
        access="Allow",
        protocol="Tcp",
        source_address_prefix="*",
        source_port_range="*",
        destination_address_prefixes=list(reaches),
        destination_port_range="443",
    )
    return [endpoints, closed]


def _ports(ports: Sequence[str]) -> dict[str, Any]:
    # Azure refuses a list of one that is "*", and stores a list of one port as a single port
    if len(ports) == 1:
        return {"destination_port_range": ports[0]}
    return {"destination_port_ranges": ports}


def _deny(
    name: str, why: str, *, priority: int, direction: str, destination: str, port: str
) -> NetworkSecurityGroupSecurityRule:
    return NetworkSecurityGroupSecurityRule(
        name=name,
        description=why,
        priority=priority,
        direction=direction,
        access="Deny",
        protocol="*",
        source_address_prefix="*",
        source_port_range="*",
        destination_address_prefix=destination,
        destination_port_range=port,
    )


_DENY_REMOTE_DESKTOP = _deny(
    "deny-remote-desktop",
    "Who breaks in here gets no desktop elsewhere; SSH stays for Airflow's operators",
    priority=4000,
    direction="Outbound",
    destination="VirtualNetwork",
    port="3389",
)
_DENY_THE_REST = _deny(
    "deny-the-rest",
    "Closes what AllowVnetInBound would leave open",
    priority=4096,
    direction="Inbound",
    destination="*",
    port="*",
)
