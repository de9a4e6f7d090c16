"""What a diagram shows of one environment, read from its synthesized stacks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from synthesis.links import outputs_read, own_state
from synthesis.resources import EnvironmentStacks, Resource
from tools.attack_paths import azure

# Providers' types are long, and some of their words nobody uses.
NOUNS = {
    "application": "Entra application",
    "consumption_budget_subscription": "budget",
    "container_registry": "container registry",
    "dashboard_grafana": "Grafana",
    "data_protection_backup_policy_kubernetes_cluster": "backup policy",
    "data_protection_backup_vault": "backup vault",
    "key_vault_key": "key",
    "key_vault_secret": "secret",
    "kubernetes_cluster": "AKS cluster",
    "kubernetes_cluster_extension": "backup extension",
    "kubernetes_cluster_node_pool": "node pool",
    "log_analytics_workspace": "Log Analytics",
    "monitor_action_group": "action group",
    "monitor_activity_log_alert": "activity log alert",
    "monitor_alert_prometheus_rule_group": "Prometheus alerts",
    "monitor_alert_processing_rule_action_group": "alert processing rule",
    "monitor_data_collection_rule": "data collection rule",
    "monitor_metric_alert": "metric alert",
    "monitor_workspace": "Prometheus",
    "nat_gateway": "NAT gateway",
    "network_security_group": "security group",
    "network_watcher_flow_log": "flow log",
    "postgresql_flexible_server": "PostgreSQL server",
    "postgresql_flexible_server_database": "database",
    "private_dns_zone": "private DNS zone",
    "public_ip_prefix": "public IP prefix",
    "user_assigned_identity": "identity",
    "virtual_network_peering": "peering",
}
# Their names in Azure are short, and the same in each environment.
NAMED = {"azurerm_key_vault_secret", "azurerm_storage_container", "azurerm_private_dns_zone"}
# What joins, guards or watches other resources: many, and none that anybody looks for first.
WIRING = re.compile(
    r"_(association|link|lock|setting|binding|assignment|administrator|configuration|pricing"
    r"|contact|credential|policy|instance_kubernetes_cluster|service_principal|extension)$"
    r"|resource_group$|service_principal$"
)


@dataclass(frozen=True)
class Kind:
    """The resources of one kind in a stack."""

    noun: str
    resources: tuple[Resource, ...]
    wiring: bool
    """Whether they only join, guard or watch others."""


@dataclass(frozen=True)
class Stack:
    """A stack: what it holds, and what it reads of others."""

    name: str
    kinds: tuple[Kind, ...]
    reads: dict[str, tuple[str, ...]]
    """The names of the outputs that it reads, by stack."""

    @property
    def count(self) -> int:
        """How many resources it holds."""
        return sum(len(kind.resources) for kind in self.kinds)


@dataclass(frozen=True)
class Way:
    """Somebody, or somewhere, that may reach something."""

    start: str
    end: str
    words: str
    """By what: a role, or ports."""
    strength: str
    """`reads`, `writes` or `owns`; a network path is `reads`."""
    target: Resource | None = None
    """What is reached, where the stacks hold it."""


@dataclass(frozen=True)
class Diagram:
    """Everything that is drawn of one environment."""

    environment: str
    stacks: tuple[Stack, ...]
    rights: tuple[Way, ...]
    network: tuple[Way, ...]


def read(here: EnvironmentStacks) -> Diagram:
    """Return the diagram of an environment."""
    stacks = {name: _stack(here, name) for name in here.documents}
    order = TopologicalSorter({name: stack.reads for name, stack in stacks.items()})
    return Diagram(
        environment=here.environment,
        stacks=tuple(stacks[name] for name in order.static_order()),
        rights=tuple(sorted(_rights(here), key=lambda reach: (reach.start, reach.end))),
        network=tuple(_network(here)),
    )


def name_of(resource: Resource) -> str:
    """Return a resource's name without the hash that cdktf puts behind it."""
    return azure.HASH.sub("", resource.name)


def shown(here: EnvironmentStacks, resource: Resource) -> str:
    """Return what a resource is, and which one where there are several of its kind."""
    what = noun(resource.type)
    if len(here.resources(resource.type)) == 1:
        return what
    said = str(resource.get("name")) if resource.type in NAMED else name_of(resource)
    own = said.removesuffix("_identity").replace("_", " ")
    return own if own.endswith(what) else f"{what} {own}"


def noun(type_: str) -> str:
    """Return what people call a type of resource, in the singular."""
    short = type_.split("_", 1)[1]
    return NOUNS.get(short, short.replace("_", " "))


def _stack(here: EnvironmentStacks, name: str) -> Stack:
    kinds: dict[str, list[Resource]] = {}
    for resource in here.resources():
        if resource.stack == name:
            # each release is a program of its own
            release = resource.type == "helm_release"
            kinds.setdefault(name_of(resource) if release else noun(resource.type), []).append(
                resource
            )
    states = {own_state(document): other for other, document in here.documents.items()}
    reads = outputs_read(here.documents[name])
    return Stack(
        name=name,
        kinds=tuple(
            Kind(what, tuple(found), bool(WIRING.search(found[0].type)))
            for what, found in kinds.items()
        ),
        reads={
            states[link]: tuple(sorted(names))
            for link, names in reads.items()
            if names and link in states
        },
    )


def _rights(here: EnvironmentStacks) -> Iterator[Way]:
    known = {azure.named(resource): resource for resource in here.resources()}
    accounts = {found.who: found.account for found in azure.federations(here)}
    for grant in azure.grants(here):
        words = f"{grant.role} ({accounts[grant.who]})" if grant.who in accounts else grant.role
        target = known.get(grant.on)
        secret = next(
            (s for s in here.resources("azurerm_key_vault_secret") if s.get("name") == grant.part),
            None,
        )
        target = secret or target
        yield Way(
            start=_who(grant.who),
            end=shown(here, target) if target else grant.on.rsplit("/", 1)[-1],
            words=words,
            strength=_strength(grant.role),
            target=target,
        )


def _who(name: str) -> str:
    """Return a name of attack paths as people say it: a resource's own identity is the resource."""
    kind, _, one = name.partition(".")
    if one and kind != "postgres":
        return noun(f"azurerm_{kind}")
    return name.removesuffix("_identity").replace("_", " ").replace(".", " ")


def _strength(role: str) -> str:
    """Return what a role of Azure lets do, by its name."""
    if re.search(r"Owner|Admin|administrator|Contributor$", role) and "Data" not in role:
        return "owns"
    return "reads" if re.search(r"Reader|User$|Pull", role) else "writes"


def _network(here: EnvironmentStacks) -> Iterator[Way]:
    """Yield what security groups let into each subnet, in the words of their rules."""
    ranges = _ranges(here)
    for group in here.resources("azurerm_network_security_group"):
        subnet = next(
            (
                found
                for joined in here.resources("azurerm_subnet_network_security_group_association")
                if group in here.referred(joined.stack, joined.get("network_security_group_id"))
                for found in here.referred(joined.stack, joined.get("subnet_id"))
            ),
            group,
        )
        for rule in group.all("security_rule"):
            if rule["direction"] == "Inbound" and rule["access"] == "Allow":
                yield Way(
                    start=_source(rule, ranges),
                    end=shown(here, subnet),
                    words=f"{_ports(rule)} ({rule['name']})",
                    strength="reads",
                    target=subnet,
                )


def _ranges(here: EnvironmentStacks) -> dict[str, str]:
    """Return the names of the subnets and of the pods' network, by their ranges."""
    clusters = here.resources("azurerm_kubernetes_cluster")
    pods = {str(cluster.get("network_profile.pod_cidr")): "pods" for cluster in clusters}
    return pods | {
        str(prefix): f"subnet {name_of(subnet)}".replace("_", " ")
        for subnet in here.resources("azurerm_subnet")
        for prefix in subnet.all("address_prefixes")
    }


def _source(rule: dict[str, Any], ranges: dict[str, str]) -> str:
    given = rule.get("source_address_prefixes") or [rule.get("source_address_prefix")]
    names = {"VirtualNetwork": "this and linked networks", "AzureLoadBalancer": "load balancer"}
    return ", ".join(ranges.get(str(one)) or names.get(str(one)) or str(one) for one in given)


def _ports(rule: dict[str, Any]) -> str:
    ports = rule.get("destination_port_ranges") or [rule.get("destination_port_range")]
    return "all ports" if ports == ["*"] else f"port {', '.join(map(str, ports))}"
