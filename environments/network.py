"""The `[network]` table: address plan, way out, and the networks it is linked with."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from conventions.addresses import PRIVATE_RANGES_SAID, is_private
from environments.dns import Dns
from environments.landing_zone import GivenNetwork
from environments.proxy import Proxy, certificate
from environments.types import Address, Cidr, Section, Text, VirtualNetworkId, refuse

# learn.microsoft.com: "Configure Azure CNI networking in AKS", "IP address sizing"
RESERVED = tuple(
    map(IPv4Network, ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"))
)
# Two are delegated, which takes a /28; what the others must hold, environments/addresses.py counts
SMALLEST = {"aks_nodes": 28, "aks_api_server": 28, "postgres": 28, "private_endpoints": 28}

_IN_THE_CLUSTER = ("pod_cidr", "service_cidr")


class LinkedNetwork(Section):
    """A virtual network elsewhere whose machines resolve our private names, such as CI agents."""

    name: Annotated[
        str,
        Text(r"[a-z][a-z0-9-]{0,38}[a-z0-9]", "2 to 40 lower case letters, digits, -", "ci-agents"),
        Field(description="short name, a part of the link's name"),
    ]
    id: Annotated[VirtualNetworkId, Field(description="resource id of the virtual network")]
    peered: Annotated[
        bool,
        Field(
            description="peer with it, in both directions; the deployer may, where the seed made "
            "the network. false: somebody else peers"
        ),
    ] = False


class Hub(Section):
    """The hub of a hub-and-spoke topology that this network is peered to."""

    virtual_network_id: Annotated[VirtualNetworkId, Field(description="resource id of the hub")]
    use_remote_gateways: Annotated[
        bool,
        Field(
            description="reach on-premises networks through the hub's gateway; set it once the hub "
            "has peered back and allows gateway transit, which Azure asks for first"
        ),
    ] = False


class Network(Section):
    """Addresses of the virtual network; all subnets lie in `address_space`, none overlap."""

    address_space: Annotated[Cidr, Field(description="the virtual network, /8 to /26")]
    aks_nodes: Annotated[
        Cidr, Field(description="AKS nodes, /28 or larger: an address for each, and a third more")
    ]
    aks_api_server: Annotated[Cidr, Field(description="delegated to the AKS API server, /28+")]
    postgres: Annotated[Cidr, Field(description="delegated to Postgres Flexible Server, /28+")]
    private_endpoints: Annotated[Cidr, Field(description="private endpoints, /28 or larger")]
    pod_cidr: Annotated[Cidr, Field(description="overlay addresses of the pods, /20 or larger")]
    service_cidr: Annotated[Cidr, Field(description="cluster-internal services, /13 to /24")]
    egress: Annotated[
        Literal["nat", "firewall"],
        Field(description="way out: a NAT gateway of our own, or a firewall in the hub"),
    ] = "nat"
    firewall_private_ip: Annotated[
        Address | None, Field(description='next hop of all egress when egress = "firewall"')
    ] = None
    nat_addresses: Annotated[
        Literal[1, 2, 4, 8, 16],
        Field(
            description="public addresses of the NAT gateway, 64,512 connections to one "
            "destination each; another number means other addresses"
        ),
    ] = 2
    flow_log_retention_days: Annotated[
        int, Field(ge=1, le=365, description="days that flow logs are kept")
    ] = 30
    hub: Annotated[Hub | None, Field(description="hub network to peer with")] = None
    dns: Annotated[Dns, Field(description="private DNS zones and name servers")] = Dns()
    given: Annotated[
        GivenNetwork | None,
        Field(description="a network of another team, in place of one of our own"),
    ] = None
    proxy: Annotated[
        Proxy | None, Field(description="a company's proxy, which nodes and pods go out by")
    ] = None
    certificate_authorities: Annotated[
        tuple[Annotated[str, AfterValidator(certificate)], ...],
        Field(
            strict=False,
            max_length=10,
            description="authorities of the company that the nodes trust, each as PEM; what runs "
            "in the image trusts those of images/company/certificates",
        ),
    ] = ()
    linked_networks: Annotated[
        tuple[LinkedNetwork, ...],
        Field(strict=False, description="networks that resolve our private names"),
    ] = ()

    @field_validator("address_space", "pod_cidr", "service_cidr")
    @classmethod
    def _not_reserved(cls, cidr: IPv4Network) -> IPv4Network:
        taken = [str(reserved) for reserved in RESERVED if cidr.overlaps(reserved)]
        if taken:
            refuse(
                f"holds addresses of {' and '.join(taken)}, which AKS keeps for itself",
                allowed=f"no address of {', '.join(map(str, RESERVED))}",
                fix="use a range of 10.0.0.0/8",
            )
        if not is_private(cidr):
            refuse(
                "not a private range: pods would not reach what has these addresses elsewhere",
                allowed=f"ranges within {PRIVATE_RANGES_SAID}",
                fix="use a range of 10.0.0.0/8",
            )
        return cidr

    @field_validator("address_space")
    @classmethod
    def _size_of_space(cls, space: IPv4Network) -> IPv4Network:
        if not 8 <= space.prefixlen <= 26:
            refuse("of a size that does not fit", allowed="/8 to /26", fix='use a "/16"')
        return space

    @field_validator(*SMALLEST)
    @classmethod
    def _subnet(cls, subnet: IPv4Network, info: ValidationInfo) -> IPv4Network:
        longest = SMALLEST[str(info.field_name)]
        if subnet.prefixlen > longest:
            refuse("too small", allowed=f"/{longest} or larger", fix=f'use a "/{longest}"')
        space = info.data.get("address_space")
        if space is not None and not subnet.subnet_of(space):
            refuse(
                "outside of network.address_space",
                allowed=f"a subnet of {space}",
                fix="move the subnet, or widen the address space",
            )
        _refuse_overlap(subnet, info, SMALLEST)
        return subnet

    @field_validator("pod_cidr", "service_cidr")
    @classmethod
    def _cluster_range(cls, cidr: IPv4Network, info: ValidationInfo) -> IPv4Network:
        shortest, longest = {"pod_cidr": (8, 20), "service_cidr": (13, 24)}[str(info.field_name)]
        if not shortest <= cidr.prefixlen <= longest:
            allowed = f"/{shortest} to /{longest}"
            refuse("of a size that does not fit", allowed=allowed, fix=f'use a "/{longest}"')
        _refuse_overlap(cidr, info, ("address_space", "pod_cidr"))
        return cidr

    @field_validator("firewall_private_ip")
    @classmethod
    def _firewall(cls, address: Address | None, info: ValidationInfo) -> Address | None:
        if info.data.get("egress") == "nat" and address is not None:
            refuse(
                'without effect while network.egress = "nat"',
                allowed='only together with egress = "firewall"',
                fix='delete it, or set egress = "firewall"',
            )
        _refuse_within(address, (*SMALLEST, *_IN_THE_CLUSTER), info, "firewall")
        return address

    @field_validator("dns")
    @classmethod
    def _name_servers(cls, dns: Dns, info: ValidationInfo) -> Dns:
        for server in dns.servers:
            _refuse_within(server, _IN_THE_CLUSTER, info, "name server")
        return dns

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, proxy: Proxy | None, info: ValidationInfo) -> Proxy | None:
        _refuse_within(proxy.address if proxy else None, _IN_THE_CLUSTER, info, "proxy")
        return proxy

    @field_validator("given")
    @classmethod
    def _not_ours(cls, given: GivenNetwork | None, info: ValidationInfo) -> GivenNetwork | None:
        dns: Dns | None = info.data.get("dns")
        theirs = {
            "hub": info.data.get("hub"),
            "firewall_private_ip": info.data.get("firewall_private_ip"),
            "dns.servers": dns and dns.servers,
            "dns.links_given": dns and dns.links_given,
        }
        for key, value in theirs.items():
            if given is not None and value:
                refuse(
                    f"network.{key} is without effect in a network of another team",
                    allowed=f"network.given without {key}, which its owner sets",
                    fix=f"delete network.{key}",
                )
        return given

    @field_validator("linked_networks")
    @classmethod
    def _distinct(
        cls, networks: tuple[LinkedNetwork, ...], info: ValidationInfo
    ) -> tuple[LinkedNetwork, ...]:
        if info.data.get("given") and any(network.peered for network in networks):
            refuse(
                "peered = true beside network.given, whose owner peers it",
                allowed="peered = true with a network of our own",
                fix="delete peered, and ask the network's owner for the peering",
            )
        hub, given = info.data.get("hub"), info.data.get("given")
        names = [network.name for network in networks]
        if len(set(names)) < len(names):
            refuse("two networks of the same name", allowed="distinct names", fix="rename one")
        if "own" in names:
            refuse(
                '"own" names the link of this environment\'s own network',
                allowed='any name but "own"',
                fix="rename it",
            )
        if hub and any(network.name == "hub" and network.peered for network in networks):
            refuse(
                '"hub" names the peering with network.hub',
                allowed='any name but "hub"',
                fix="rename it",
            )
        ids = [network.id.casefold() for network in networks]
        if given and given.virtual_network_id.casefold() in ids:
            refuse(
                "names network.given, too, and a zone takes one link per network",
                allowed="other networks: this environment's own is linked anyway",
                fix="delete it here",
            )
        if hub and any(
            network.peered and network.id.casefold() == hub.virtual_network_id.casefold()
            for network in networks
        ):
            refuse(
                "peered = true for network.hub, and Azure peers two networks once",
                allowed="one peering with each network",
                fix="delete peered: the zones are linked with it all the same",
            )
        if len(set(ids)) < len(networks):
            refuse(
                "names a network twice, and a zone takes one link per network",
                allowed="distinct ids",
                fix="delete the second one",
            )
        return networks


def _refuse_within(
    address: IPv4Address | None, fields: Iterable[str], info: ValidationInfo, what: str
) -> None:
    for name in fields if address else ():
        cidr = info.data.get(name)
        if cidr is not None and address in cidr:
            refuse(
                f"{address} lies in network.{name} = {cidr}, which holds no {what}",
                allowed=f"the private address of a {what} outside of {', '.join(fields)}",
                fix='give the one in the hub, for example "10.0.1.4", or move the range',
            )


def _refuse_overlap(
    cidr: IPv4Network, info: ValidationInfo, fields: tuple[str, ...] | dict[str, int]
) -> None:
    for name in fields:
        other = info.data.get(name)
        if other is not None and name != info.field_name and cidr.overlaps(other):
            refuse(
                f"overlaps network.{name} = {other}",
                allowed="ranges that share no address",
                fix="move one of the two",
            )
