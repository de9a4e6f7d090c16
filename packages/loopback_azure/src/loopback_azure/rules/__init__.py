"""What Azure alone decides, a module for each of its fields: computed values, checks, actions."""

from collections.abc import Callable, Mapping

from loopback_azure.http_messages import Document, Reply
from loopback_azure.resource_types import NewResource, Rule
from loopback_azure.rules import (
    containers,
    identity,
    key_vaults,
    monitor,
    postgres,
    storage,
    virtual_machines,
    virtual_networks,
)
from loopback_azure.rules.checks import check_delete, check_references
from loopback_azure.rules.key_vaults import bury
from loopback_azure.rules.virtual_networks import drop_interface

__all__ = [
    "ACTIONS",
    "READ_BELOW",
    "bury",
    "check_delete",
    "check_references",
    "containers",
    "drop_interface",
    "identity",
    "key_vaults",
    "monitor",
    "postgres",
    "storage",
    "virtual_machines",
    "virtual_networks",
]

_CLUSTER = "microsoft.containerservice/managedclusters"
Action = Callable[[NewResource, Document], Reply]

ACTIONS: Mapping[tuple[str, str], Action] = {
    (_CLUSTER, "listclusterusercredential"): containers.user_credential,
    ("microsoft.dbforpostgresql/flexibleservers", "restart"): postgres.restart,
    ("microsoft.operationalinsights/workspaces", "sharedkeys"): monitor.shared_keys,
    ("microsoft.storage/storageaccounts", "listkeys"): storage.list_keys,
}
"""What answers a POST on a resource, by its type and the action's name, in lower case."""

READ_BELOW: Mapping[tuple[str, str], Rule] = {
    (_CLUSTER, "availableagentpoolversions"): containers.agent_pool_versions,
    ("microsoft.compute/virtualmachines", "instanceview"): virtual_machines.instance_view,
}
"""What is read below a resource and never written, by its type and the name."""
