"""What Azure bills of an environment by the hour, the day or the month, however much it is used.

An item says which row of Azure's Retail Prices API is its price: by service, region, and regular
expressions for names of products, SKUs and meters.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from synthesis.reader import Stack
from tools.cost.standing import fewest_nodes

Values = dict[str, Any]
GLOBAL = ("", "Global")
_DISKS = {"P4": 32, "P6": 64, "P10": 128, "P15": 256, "P20": 512, "P30": 1024, "P40": 2048}
_TIERS = {"B": "Burstable", "GP": "General Purpose", "MO": "Memory Optimized"}

BY_USE: Mapping[str, str] = {
    "azurerm_dashboard_grafana": "Grafana: each active user, and each hour of the instance",
    "azurerm_data_protection_backup_vault": "backups of the cluster: protected namespaces, GiB",
    "azurerm_key_vault": "Key Vault: operations, and keys in the HSM",
    "azurerm_log_analytics_workspace": "Log Analytics: each GB of logs, and their retention",
    "azurerm_monitor_alert_prometheus_rule_group": "alerts: evaluations and messages",
    "azurerm_monitor_metric_alert": "alerts: evaluations and messages",
    "azurerm_monitor_workspace": "Prometheus: each sample taken in and queried",
    "azurerm_network_watcher_flow_log": "flow logs and traffic analytics: each GB",
    "azurerm_security_center_subscription_pricing": "Defender: each core, server, account, vault",
    "azurerm_virtual_network_peering": "peerings: each GB",
    "azurerm_storage_account": "storage accounts: each GB, operation and copied byte",
}
"""What is billed by use, by type."""
ALWAYS_LEFT_OUT = (
    "traffic: out of Azure, between zones and regions, through NAT gateway and private endpoints",
    "the load balancer, disks and snapshots that the cluster makes for itself",
    "backups of the database beyond the size of the server",
    "agents, jump host and states, which are no part of an environment",
    "support, taxes, reservations, savings plans and a company's own discounts",
)


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something with a price."""

    what: str
    service: str
    region: str
    match: Mapping[str, str]
    """Regular expressions for fields of the API; all of them must match the whole value."""
    without: Mapping[str, str] = field(default_factory=dict)
    """Regular expressions that must be found nowhere in the field."""
    anywhere: bool = False
    """Whether a price of all regions will do, where its own has none."""
    least: float = 1
    most: float = 1

    @property
    def key(self) -> str:
        """What the table of prices calls it."""
        return f"{self.what}, {self.region}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions whose price it is, the best first."""
        return (self.region, *(GLOBAL if self.anywhere else ()))

    def with_more(self, other: "Item") -> "Item":
        """Return both together."""
        return replace(self, least=self.least + other.least, most=self.most + other.most)

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Say whether a row of the API is about it."""
        return (
            row.get("serviceName") == self.service
            and row.get("armRegionName", "") in self.regions
            and row.get("type", "Consumption") == "Consumption"
            and not row.get("tierMinimumUnits")
            and all(_is(pattern, row.get(name)) for name, pattern in self.match.items())
            and not any(
                re.search(pattern, row.get(name) or "", re.I)
                for name, pattern in self.without.items()
            )
        )


def _is(pattern: str, value: object) -> bool:
    return re.fullmatch(pattern, str(value or ""), re.I) is not None


def items(stacks: Sequence[Stack]) -> list[Item]:
    """Return the priced parts of an environment, each kind once, with how many there are."""
    location = _location(stacks)
    found = [
        *_cluster(stacks, location),
        *_database(stacks, location),
        *_network(stacks, location),
        *_registry(stacks),
    ]
    kinds: dict[str, Item] = {}
    for item in found:
        so_far = kinds.get(item.key)
        kinds[item.key] = item if so_far is None else so_far.with_more(item)
    return list(kinds.values())


def left_out(stacks: Sequence[Stack]) -> list[str]:
    """Say what the prices do not cover, because nobody knows how much it will be used."""
    types = {type_ for stack in stacks for type_ in stack.document.get("resource", {})}
    told = dict.fromkeys(said for type_, said in BY_USE.items() if type_ in types)
    return [*told, *ALWAYS_LEFT_OUT]


def _all(stacks: Sequence[Stack], type_: str) -> Iterator[Values]:
    for stack in stacks:
        yield from stack.resources(type_).values()


def _location(stacks: Sequence[Stack]) -> str:
    return next(str(group["location"]) for group in _all(stacks, "azurerm_resource_group"))


def _cluster(stacks: Sequence[Stack], location: str) -> Iterator[Item]:
    pools = list(_all(stacks, "azurerm_kubernetes_cluster_node_pool"))
    for cluster in _all(stacks, "azurerm_kubernetes_cluster"):
        tier = cluster.get("sku_tier", "Free")
        meter = {"Standard": ".*Uptime SLA", "Premium": ".*Long Term Support"}.get(tier)
        if meter:
            yield Item(
                what=f"AKS control plane, tier {tier}",
                service="Azure Kubernetes Service",
                region=location,
                match={"meterName": meter},
            )
        pools.append(cluster["default_node_pool"])
    least = fewest_nodes(stacks, {pool["name"]: pool for pool in pools})
    for pool in pools:
        yield from _nodes(pool, location, least[pool["name"]])


def _nodes(pool: Values, location: str, least: float) -> Iterator[Item]:
    size, spot = pool["vm_size"], pool.get("priority") == "Spot"
    most = float(pool["max_count"])
    others = {} if spot else {"skuName": "Spot|Low Priority"}
    yield Item(
        what=f"{'spot ' if spot else ''}node {size}",
        service="Virtual Machines",
        region=location,
        match={"armSkuName": size, **({"skuName": ".* Spot"} if spot else {})},
        without={"productName": "Windows|Cloud Services", **others},
        least=least,
        most=most,
    )
    if pool.get("os_disk_type") == "Managed":
        name = next((n for n, gib in _DISKS.items() if gib >= pool["os_disk_size_gb"]), "P40")
        yield Item(
            what=f"managed disk {name}",
            service="Storage",
            region=location,
            match={
                "productName": "Premium SSD Managed Disks",
                "skuName": f"{name} LRS",
                "meterName": f"{name} LRS Disks?",
            },
            least=least,
            most=most,
        )


def _database(stacks: Sequence[Stack], location: str) -> Iterator[Item]:
    for server in _all(stacks, "azurerm_postgresql_flexible_server"):
        count = 2 if server.get("high_availability") else 1
        tier, _, size = server["sku_name"].partition("_Standard_")
        cores = "".join(filter(str.isdigit, size.partition("_")[0]))
        series = "BS" if tier == "B" else size.replace(cores, "", 1).replace("_", "")
        product = f"Azure Database for PostgreSQL Flexible Server {_TIERS[tier]} (- )?{series}.*"
        sku = size if tier == "B" else f"{cores} vCore"
        yield Item(
            what=f"PostgreSQL server {server['sku_name']}",
            service="Azure Database for PostgreSQL",
            region=location,
            match={"productName": product, "skuName": sku},
            least=count,
            most=count,
        )
        gib = count * server["storage_mb"] / 1024
        yield Item(
            what="PostgreSQL storage, each GiB",
            service="Azure Database for PostgreSQL",
            region=location,
            match={
                "productName": "Az DB for PostgreSQL Flexible Server Storage",
                "meterName": "Storage Data Stored",
            },
            least=gib,
            most=gib,
        )


def _network(stacks: Sequence[Stack], location: str) -> Iterator[Item]:
    for gateway in _all(stacks, "azurerm_nat_gateway"):
        sku = gateway.get("sku_name", "Standard")
        yield Item(
            what=f"NAT gateway {sku}",
            service="NAT Gateway",
            region=location,
            anywhere=True,
            match={"skuName": sku.replace("V2", " ?V2"), "meterName": ".*Gateway"},
        )
    for prefix in _all(stacks, "azurerm_public_ip_prefix"):
        addresses = 2 ** (32 - prefix.get("prefix_length", 28))
        yield Item(
            what="public address of a prefix",
            service="Virtual Network",
            region=location,
            anywhere=True,
            match={"productName": "Public IP Prefix", "meterName": ".*Static.*IP Address(es)?"},
            least=addresses,
            most=addresses,
        )
    for _ in _all(stacks, "azurerm_private_endpoint"):
        yield Item(
            what="private endpoint",
            service="Virtual Network",
            region=location,
            anywhere=True,
            match={
                "productName": "Virtual Network Private Link",
                "meterName": "(Standard )?Private Endpoint",
            },
        )
    for _ in _all(stacks, "azurerm_private_dns_zone"):
        yield Item(
            what="private DNS zone",
            service="Azure DNS",
            region=location,
            anywhere=True,
            match={"skuName": "Private", "meterName": "Private Zones?"},
        )


def _registry(stacks: Sequence[Stack]) -> Iterator[Item]:
    for registry in _all(stacks, "azurerm_container_registry"):
        copies = [copy["location"] for copy in registry.get("georeplications") or []]
        for location in (registry["location"], *copies):
            yield Item(
                what=f"registry {registry['sku']}",
                service="Container Registry",
                region=location,
                match={"meterName": f"{registry['sku']} Registry Unit"},
            )
