"""Results of checkov that are wrong: its rule knows less of Azure than the stack says."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Address

from conventions.addresses import is_private
from environments.facts import REGIONS
from synthesis.resources import EnvironmentStacks, Resource
from tools.policy.results import Result


def corrected(
    results: Iterable[Result], environments: Iterable[EnvironmentStacks]
) -> Iterator[Result]:
    """Pass the results on, each kept that its rule calls broken for want of knowledge."""
    known = {
        (stacks.environment, resource.stack, resource.address): resource
        for stacks in environments
        for resource in stacks.resources()
    }
    for result in results:
        resource = known.get((result.environment, result.stack, result.resource))
        check = _CORRECTIONS.get(result.rule)
        kept = check is not None and resource is not None and check(resource)
        yield replace(result, problem=None) if kept else result


def _paid(cluster: Resource) -> bool:
    """CKV_AZURE_170 knows Standard alone; Premium has its SLA (AKS: "Pricing tiers")."""
    return bool(cluster.get("sku_tier") == "Premium")


def _in_all_zones(registry: Resource) -> bool:
    """CKV_AZURE_233 wants zones where a region has none: its copies are in all that there are."""
    copies = [registry.arguments, *registry.all("georeplications")]
    return all(
        copy.get("zone_redundancy_enabled") is True or not REGIONS[copy["location"]].zones
        for copy in copies
    )


def _copied_far_enough(account: Resource) -> bool:
    """CKV_AZURE_206 wants a paired region where there is none: the zones are as far as it goes."""
    region = REGIONS[account.get("location")]
    zonal = account.get("account_replication_type") == "ZRS" or not region.zones
    return region.pair is None and zonal


def _without_pair(server: Resource) -> bool:
    """CKV_AZURE_136 wants backups in a paired region, where there is one."""
    return REGIONS[server.get("location")].pair is None


def _asks_inside(network: Resource) -> bool:
    """CKV_AZURE_183 wants name servers in the network itself; those of a landing zone's hub do."""
    return all(is_private(IPv4Address(server)) for server in network.all("dns_servers"))


_CORRECTIONS: Mapping[str, Callable[[Resource], bool]] = {
    "CKV_AZURE_136": _without_pair,
    "CKV_AZURE_170": _paid,
    "CKV_AZURE_183": _asks_inside,
    "CKV_AZURE_206": _copied_far_enough,
    "CKV_AZURE_233": _in_all_zones,
}
