"""Azure's own refusals: what no schema says, and a deployment learns from Azure alone.

A rule takes a change and returns Azure's answer, or None if there is nothing against it. Each
names the page that states the constraint. The stand-in knows the rules that stand here, no others.
"""

from collections.abc import Callable

from standin_providers.change import Change
from standin_providers.refusals import access, clusters, groups, names, networks

Rule = Callable[[Change], str | None]

RULES: tuple[Rule, ...] = (
    groups.locked_scope,
    groups.parent_is_not_there,
    groups.group_holds_resources,
    names.global_name_is_taken,
    names.soft_deleted_vault_holds_the_name,
    networks.subnet_is_in_use,
    networks.subnet_is_outside_of_its_network,
    networks.subnets_overlap,
    networks.subnet_is_not_there,
    networks.server_subnet_is_not_delegated,
    networks.server_has_no_private_zone,
    networks.server_zone_is_not_linked,
    access.principal_does_not_exist,
    access.role_is_assigned_already,
    access.too_many_federated_credentials,
    clusters.node_pool_needs_a_temporary_name,
)


def refusal(change: Change) -> str | None:
    """Return the first refusal that applies."""
    return next((said for rule in RULES if (said := rule(change)) is not None), None)
