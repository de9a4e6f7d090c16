"""The network stack: addresses, ways in and out, and private names."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_azurerm.private_dns_zone_virtual_network_link import (
    PrivateDnsZoneVirtualNetworkLink,
)
from cdktf_cdktf_provider_azurerm.virtual_network import VirtualNetwork
from cdktf_cdktf_provider_azurerm.virtual_network_peering import VirtualNetworkPeering
from constructs import Construct

from constructs_lib.egress import FirewallEgress, NatEgress
from constructs_lib.host_record import add_host_record
from constructs_lib.place import Place
from constructs_lib.private_dns import LinkedZone
from constructs_lib.subnet import Opening, SecuredSubnet
from conventions.databases import POOLER_PORT, SERVER_PORT
from environments.dns import POSTGRES_SUFFIX, cluster_zone, zone_name
from environments.facts import REGIONS
from environments.landing_zone import GivenNetwork
from environments.model import Environment
from environments.network import LinkedNetwork
from stacks.base import EnvironmentStack
from stacks.contracts import NetworkOutputs


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """A network with its subnets, ours or another team's, whose security groups are its own."""

    virtual_network_id: str
    virtual_network_name: str
    nat_gateway_id: str | None
    subnet_ids: Mapping[str, str]
    security_group_ids: Mapping[str, str] = field(default_factory=dict)
    outlived_by_links: list[ITerraformDependable] = field(default_factory=list)


class NetworkStack(EnvironmentStack):
    """VNet, four closed subnets, one way out, and the private DNS zones of what is in them."""

    def __init__(self, scope: Construct, env: Environment) -> None:
        super().__init__(scope, env, "network")
        plan = env.network
        place = self.own_group()
        ground = self._given(plan.given) if plan.given else self._made(place)
        networks = {
            "own": ground.virtual_network_id,
            **{n.name: n.id for n in plan.linked_networks},
        }
        zones = plan.dns.given | {
            role: LinkedZone(
                self,
                f"{role}_dns",
                place=place,
                zone_name=zone_name,
                network_ids=networks,
                after=ground.outlived_by_links if role == "postgres" else [],
            ).zone.id
            for role, zone_name in self._own_zones().items()
        }
        if plan.hub:
            VirtualNetworkPeering(
                self,
                "hub_peering",
                name="to-hub",
                resource_group_name=place.resource_group_name,
                virtual_network_name=ground.virtual_network_name,
                remote_virtual_network_id=plan.hub.virtual_network_id,
                allow_forwarded_traffic=True,
                use_remote_gateways=plan.hub.use_remote_gateways,
            )
        for linked in plan.linked_networks:
            if linked.peered:
                self._peer(linked, ground, place)
        if plan.dns.links_given:
            self._link_given_zones(ground)
        if env.ingress.record_zone_id:
            name, zone = env.ingress.record
            add_host_record(
                self,
                "host_record",
                zone_id=env.ingress.record_zone_id,
                zone=zone,
                name=name,
                address=str(env.ingress.address),
            )
        NetworkOutputs(
            virtual_network_id=ground.virtual_network_id,
            nat_gateway_id=ground.nat_gateway_id,
            aks_nodes_subnet_id=ground.subnet_ids["aks_nodes"],
            aks_api_server_subnet_id=ground.subnet_ids["aks_api_server"],
            postgres_subnet_id=ground.subnet_ids["postgres"],
            private_endpoints_subnet_id=ground.subnet_ids["private_endpoints"],
            postgres_dns_zone_id=zones["postgres"],
            blob_dns_zone_id=zones.get("blob"),
            dfs_dns_zone_id=zones.get("dfs"),
            key_vault_dns_zone_id=zones.get("key_vault"),
            registry_dns_zone_id=zones.get("registry"),
            aks_dns_zone_id=zones["aks"],
            aks_nodes_security_group_id=ground.security_group_ids.get("aks_nodes"),
            aks_api_server_security_group_id=ground.security_group_ids.get("aks_api_server"),
            postgres_security_group_id=ground.security_group_ids.get("postgres"),
            private_endpoints_security_group_id=ground.security_group_ids.get("private_endpoints"),
        ).publish(self)

    def _peer(self, linked: LinkedNetwork, ground: _Ground, place: Place) -> None:
        """Peer in both directions: a network whose peer has not peered back reaches nothing."""
        role = linked.name.replace("-", "_")
        group, name = linked.id.split("/")[4], linked.id.split("/")[8]
        VirtualNetworkPeering(
            self,
            f"{role}_peering",
            name=f"to-{linked.name}",
            resource_group_name=place.resource_group_name,
            virtual_network_name=ground.virtual_network_name,
            remote_virtual_network_id=linked.id,
        )
        VirtualNetworkPeering(
            self,
            f"{role}_peering_back",
            name=f"to-{self.names.of('vnet')}",
            resource_group_name=group,
            virtual_network_name=name,
            remote_virtual_network_id=ground.virtual_network_id,
            provider=self.beside(linked.id),
        )

    def _link_given_zones(self, ground: _Ground) -> None:
        for role, zone in self.env.network.dns.given.items():
            PrivateDnsZoneVirtualNetworkLink(
                self,
                f"{role}_given_dns_link",
                name=self.names.of("vnet"),
                resource_group_name=zone.split("/")[4],
                private_dns_zone_name=zone_name(zone),
                virtual_network_id=ground.virtual_network_id,
                provider=self.beside(zone),
            )

    def _given(self, given: GivenNetwork) -> _Ground:
        return _Ground(
            virtual_network_id=given.virtual_network_id,
            virtual_network_name=given.virtual_network_id.rsplit("/", 1)[1],
            nat_gateway_id=given.nat_gateway_id,
            subnet_ids=given.subnet_ids,
        )

    def _made(self, place: Place) -> _Ground:
        plan = self.env.network
        network = VirtualNetwork(
            self,
            "virtual_network",
            name=self.names.of("vnet"),
            **place.at,
            address_space=[str(plan.address_space)],
            dns_servers=[str(server) for server in plan.dns.servers] or None,
        )
        subnets = {
            "aks_nodes": SecuredSubnet(
                self,
                "aks_nodes",
                place=place,
                network=network,
                cidr=plan.aks_nodes,
                openings=self._into_nodes(),
            ),
            "aks_api_server": SecuredSubnet(
                self,
                "aks_api_server",
                place=place,
                network=network,
                cidr=plan.aks_api_server,
                openings=self._into_api_server(),
                delegated_to="Microsoft.ContainerService/managedClusters",
            ),
            "private_endpoints": SecuredSubnet(
                self,
                "private_endpoints",
                place=place,
                network=network,
                cidr=plan.private_endpoints,
                openings=_INTO_ENDPOINTS,
            ),
            "postgres": SecuredSubnet(
                self,
                "postgres",
                place=place,
                network=network,
                cidr=plan.postgres,
                openings=self._into_postgres(),
                delegated_to="Microsoft.DBforPostgreSQL/flexibleServers",
                # the server archives its log there, and Azure adds it anyway
                service_endpoints=["Microsoft.Storage"],
            ),
        }
        way_out = self._egress(place, subnets["aks_nodes"])
        # read through the association: whoever places something in a subnet waits for its
        # security group and the way out
        ids = {name: subnet.association.subnet_id for name, subnet in subnets.items()}
        return _Ground(
            virtual_network_id=network.id,
            virtual_network_name=network.name,
            nat_gateway_id=way_out.gateway_id,
            subnet_ids=ids | {"aks_nodes": way_out.association.subnet_id},
            security_group_ids={n: subnet.security_group.id for n, subnet in subnets.items()},
            outlived_by_links=[subnets["postgres"].subnet],
        )

    def _egress(self, place: Place, nodes: SecuredSubnet) -> NatEgress | FirewallEgress:
        if self.env.network.egress == "firewall":
            address = str(self.env.network.firewall_private_ip)
            return FirewallEgress(
                self,
                "egress",
                place=place,
                subnet=nodes.subnet,
                firewall_private_ip=address,
            )
        zones = REGIONS[self.env.location].zones
        return NatEgress(
            self,
            "egress",
            place=place,
            subnet=nodes.subnet,
            addresses=self.env.network.nat_addresses,
            zone_redundant=zones,
        )

    def _own_zones(self) -> dict[str, str]:
        """Return the names of the zones to make; the last two are no other environment's."""
        dns, own = self.env.network.dns, f"{self.env.workload}-{self.env.name}"
        names = self.env.endpoint_zones
        if dns.postgres is None:
            # must end so and must not be the server's own name
            names["postgres"] = f"{own}.private{POSTGRES_SUFFIX}"
        if dns.aks is None:
            names["aks"] = f"{own}.{cluster_zone(self.env.location)}"
        return names

    def _into_nodes(self) -> list[Opening]:
        nodes, pods = str(self.env.network.aks_nodes), str(self.env.network.pod_cidr)
        internal = self.env.ingress.internal
        return [
            Opening(
                name="nodes-to-nodes",
                source=nodes,
                ports=["*"],
                protocol="*",
                why="The cluster's own traffic",
            ),
            Opening(
                name="pods-to-pods",
                source=pods,
                ports=["*"],
                protocol="*",
                why="Overlay addresses are seen by the subnet's rules",
            ),
            Opening(
                name="api-server-to-cluster",
                source=str(self.env.network.aks_api_server),
                ports=["1-65535"],
                why="Admission webhooks, logs and exec",
            ),
            Opening(
                name="load-balancer-probes",
                source="AzureLoadBalancer",
                ports=["*"],
                protocol="*",
                why="Health probes of the ingress",
            ),
            Opening(
                name="browsers-to-ingress",
                source="VirtualNetwork" if internal else "Internet",
                ports=["80", "443"] if internal else ["443"],
                why="NGINX; where port 80 is open, it only redirects",
            ),
        ]

    def _into_api_server(self) -> list[Opening]:
        return [
            Opening(
                name="nodes-to-api-server",
                source=str(self.env.network.aks_nodes),
                ports=["443", "4443"],
                why="Kubelets, and the tunnel back to them",
            ),
            Opening(
                name="agents-to-api-server",
                source="VirtualNetwork",
                ports=["443"],
                why="Helm and kubectl from peered networks, as CI agents",
            ),
            Opening(
                name="load-balancer-probes",
                source="AzureLoadBalancer",
                ports=["9988"],
                why="Health probes of the API server",
            ),
        ]

    def _into_postgres(self) -> list[Opening]:
        with_pooler = [str(SERVER_PORT), str(POOLER_PORT)]
        return [
            Opening(
                name="nodes-to-postgres",
                source=str(self.env.network.aks_nodes),
                ports=with_pooler if self.env.postgres.pgbouncer else with_pooler[:1],
                why="Airflow and dbt; pods reach it by their node's address",
            ),
            Opening(
                name="primary-to-standby",
                source=str(self.env.network.postgres),
                ports=with_pooler,
                why="Replication between the zones",
            ),
        ]


_INTO_ENDPOINTS = [
    Opening(
        name="network-to-endpoints",
        source="VirtualNetwork",
        ports=["443"],
        why="Pods and CI agents to storage, vault and registry",
    )
]
