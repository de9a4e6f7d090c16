"""Resource groups, what is in them, and locks."""

from azure_facts import refusals

from standin_providers.change import Change, answer, group_of, parent, same, within

_LOCK = "azurerm_management_lock"


def locked_scope(change: Change) -> str | None:
    """A lock refuses the deletion of its scope and of all in it; `ReadOnly` any other write too."""
    if change.type == _LOCK or (change.action == "create" and not _levels(change, "ReadOnly")):
        return None
    refusing = ("CanNotDelete", "ReadOnly") if change.action == "delete" else ("ReadOnly",)
    if not (scopes := _levels(change, *refusing)):
        return None
    verb = "delete" if change.action == "delete" else "write"
    return answer(refusals.SCOPE_LOCKED, id=change.id, verb=verb, scopes="', '".join(scopes))


def _levels(change: Change, *levels: str) -> list[str]:
    locks = change.cloud.all(_LOCK)
    return [
        lock["scope"]
        for lock in locks
        if lock.get("lock_level") in levels and within(change.id.split("|")[0], lock["scope"])
    ]


def parent_is_not_there(change: Change) -> str | None:
    """A child is made only in a parent that exists.

    What is in a resource group that the stacks do not make is taken to exist.
    """
    for type_, key in _PARENTS.get(change.type, {}).items():
        parent_id = parent(change.id, key)
        group_is_known = change.cloud.find("azurerm_resource_group", group_of(change.id))
        if change.action == "create" and group_is_known and not change.cloud.find(type_, parent_id):
            return answer(refusals.PARENT_NOT_FOUND, type=change.type, parent=parent_id)
    return None


_PARENTS = {
    "azurerm_subnet": {"azurerm_virtual_network": "virtualNetworks"},
    "azurerm_storage_container": {"azurerm_storage_account": "storageAccounts"},
    "azurerm_kubernetes_cluster_node_pool": {"azurerm_kubernetes_cluster": "managedClusters"},
    "azurerm_private_dns_zone_virtual_network_link": {
        "azurerm_private_dns_zone": "privateDnsZones"
    },
    "azurerm_postgresql_flexible_server_database": {
        "azurerm_postgresql_flexible_server": "flexibleServers"
    },
    "azurerm_federated_identity_credential": {
        "azurerm_user_assigned_identity": "userAssignedIdentities"
    },
}


def group_holds_resources(change: Change) -> str | None:
    """By default azurerm does not delete a group in which something is left.

    https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/guides/features-block
    """
    if change.type != "azurerm_resource_group" or change.action != "delete":
        return None
    if not change.feature("resource_group", "prevent_deletion_if_contains_resources"):
        return None
    left = sorted({r["id"] for r in change.cloud.all() if _is_resource_in(r["id"], change.id)})
    if not left:
        return None
    listed = "\n".join(f"* `{id_}`" for id_ in left)
    return (
        "the Resource Group still contains Resources.\n\nTerraform has detected that the following "
        f"Resources still exist within the Resource Group:\n\n{listed}\n\nRemove them, or set "
        "`prevent_deletion_if_contains_resources` to false in the `features` block of the provider."
    )


def _is_resource_in(id_: str, group: str) -> bool:
    """Tell whether the id is a resource of the group itself, not a child or a setting of one."""
    parts = id_.split("/")
    return (
        within(id_, f"{group}/providers")
        and len(parts) == 9
        and not same(parts[6], "Microsoft.Authorization")
    )
