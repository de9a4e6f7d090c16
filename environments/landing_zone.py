"""The `[network.given]` table: a network that another team has made, named by its ids."""

import re
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from environments.types import NatGatewayId, Section, SubnetId, VirtualNetworkId, refuse

_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?", re.ASCII)
SUBNETS = ("aks_nodes", "aks_api_server", "postgres", "private_endpoints")


class GivenNetwork(Section):
    """A network of another team: this environment makes no network, subnet, rule or way out.

    The ranges in `[network]` say what the subnets have; the pages that Azure's rules come from
    stand in docs/how-to/use-a-landing-zone.md, with what its owner sets up.
    """

    virtual_network_id: Annotated[
        VirtualNetworkId, Field(description="the network, in this environment's subscription")
    ]
    aks_nodes_subnet_id: Annotated[SubnetId, Field(description="its subnet of the nodes")]
    aks_api_server_subnet_id: Annotated[
        SubnetId,
        Field(description="its subnet delegated to Microsoft.ContainerService/managedClusters"),
    ]
    postgres_subnet_id: Annotated[
        SubnetId,
        Field(description="its subnet delegated to Microsoft.DBforPostgreSQL/flexibleServers"),
    ]
    private_endpoints_subnet_id: Annotated[
        SubnetId, Field(description="its subnet of private endpoints")
    ]
    nat_gateway_id: Annotated[
        NatGatewayId | None,
        Field(description='NAT gateway of the nodes\' subnet, where egress = "nat"; watched'),
    ] = None

    @property
    def subnet_ids(self) -> dict[str, str]:
        """The id of each subnet, by the key of its range in `[network]`."""
        return {name: getattr(self, f"{name}_subnet_id") for name in SUBNETS}

    @field_validator("aks_nodes_subnet_id")
    @classmethod
    def _fits_a_label(cls, subnet: str) -> str:
        """Refuse what nodes cannot have as labels ("Azure CNI Overlay", "Limitations")."""
        _, _, _, _, group, _, _, _, network, _, name = subnet.split("/")
        for kind, value in {"group": group, "network": network, "subnet": name}.items():
            if not _LABEL_VALUE.fullmatch(value):
                refuse(
                    f"the {kind} {value}, {len(value)} characters: AKS labels its nodes with it",
                    allowed="names of at most 63 letters, digits, - _ . with a letter or digit at "
                    "both ends",
                    fix="have its owner make the nodes' subnet in a network and a group of such a "
                    "name",
                )
        return subnet

    @field_validator(*(f"{name}_subnet_id" for name in SUBNETS))
    @classmethod
    def _of_the_network(cls, subnet: str, info: ValidationInfo) -> str:
        network = info.data.get("virtual_network_id")
        if network and subnet.rsplit("/subnets/", 1)[0].casefold() != network.casefold():
            refuse(
                "a subnet of another network than network.given.virtual_network_id",
                allowed=f"{network}/subnets/<name>",
                fix="give four subnets of one network",
            )
        earlier = (info.data.get(f"{name}_subnet_id") for name in SUBNETS)
        if subnet.casefold() in {other.casefold() for other in earlier if other}:
            refuse(
                "the id of another of the four subnets, too",
                allowed="a subnet for each: two are delegated, and no other service may be there",
                fix="give the id of a subnet of its own",
            )
        return subnet


def refuse_misfit(given: GivenNetwork, *, subscription_id: str, egress: str) -> None:
    """Refuse what Azure does not let this environment use, and a way out that says two things.

    learn.microsoft.com, "What is a private endpoint?": an endpoint is in the region and the
    subscription of its network.
    """
    ids = {"virtual_network_id": given.virtual_network_id, "nat_gateway_id": given.nat_gateway_id}
    for key, id_ in ids.items():
        if id_ and id_.split("/")[2] != subscription_id:
            refuse(
                f"given.{key} lies in the subscription {id_.split('/')[2]}, and private endpoints "
                "are made in the subscription of their network",
                allowed=f"a network in subscription_id = {subscription_id}",
                fix="deploy the environment into the network's subscription, or give a network of "
                "this one",
            )
    if egress == "nat" and given.nat_gateway_id is None:
        refuse(
            'given without nat_gateway_id while egress = "nat"',
            allowed='nat_gateway_id beside egress = "nat"',
            fix='set network.given.nat_gateway_id, or egress = "firewall" where the route table '
            "of the nodes' subnet leads to one",
        )
    if egress == "firewall" and given.nat_gateway_id is not None:
        refuse(
            'given.nat_gateway_id is without effect while egress = "firewall"',
            allowed="one way out",
            fix='delete it, or set network.egress = "nat"',
        )
