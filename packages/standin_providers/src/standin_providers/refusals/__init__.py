"""Azure's own refusals: what no schema says, and a deployment learns from Azure alone.

A rule takes a change and returns Azure's answer, or None if there is nothing against it. The texts
and the pages that state them are in `azure_facts.refusals`; a rule whose answer is azurerm's own
names its page. The stand-in knows the rules that stand here, no others.
"""

from collections.abc import Callable

from standin_providers.change import Change
from standin_providers.refusals import (
    access,
    clusters,
    dns_zones,
    groups,
    names,
    postgres_servers,
    releases,
    subnets,
    vaults,
)

Rule = Callable[[Change], str | None]

RULES: tuple[Rule, ...] = (
    groups.locked_scope,
    groups.parent_is_not_there,
    groups.group_holds_resources,
    names.global_name_is_taken,
    names.soft_deleted_vault_holds_the_name,
    subnets.subnet_is_in_use,
    subnets.subnet_is_outside_of_its_network,
    subnets.subnets_overlap,
    subnets.subnet_is_not_there,
    dns_zones.network_is_linked_with_a_zone_of_that_name,
    postgres_servers.server_subnet_is_not_delegated,
    postgres_servers.server_has_no_private_zone,
    postgres_servers.server_zone_is_not_linked,
    access.principal_does_not_exist,
    access.role_is_assigned_already,
    access.too_many_federated_credentials,
    clusters.node_pool_needs_a_temporary_name,
    vaults.retention_of_a_vault_stays,
    releases.release_name_is_in_use,
)


def refusal(change: Change) -> str | None:
    """Return the first refusal that applies."""
    return next((said for rule in RULES if (said := rule(change)) is not None), None)
