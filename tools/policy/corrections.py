"""Results of checkov that are wrong: its rule knows less of Azure than the stack says."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

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


_CORRECTIONS: Mapping[str, Callable[[Resource], bool]] = {
    "CKV_AZURE_170": _paid,
    "CKV_AZURE_233": _in_all_zones,
}
