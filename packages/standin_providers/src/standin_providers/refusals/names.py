"""Names that are unique in all of Azure, and names that a deleted resource still holds."""

from collections.abc import Mapping

from azure_facts import refusals
from azure_facts.refusals import Refusal

from standin_providers.change import Change, answer, name_of, same

_VAULT = "azurerm_key_vault"
_TAKEN: Mapping[str, Refusal] = {
    _VAULT: refusals.VAULT_NAME_TAKEN,
    "azurerm_container_registry": refusals.REGISTRY_NAME_TAKEN,
    "azurerm_postgresql_flexible_server": refusals.SERVER_NAME_TAKEN,
    "azurerm_storage_account": refusals.ACCOUNT_NAME_TAKEN,
}


def global_name_is_taken(change: Change) -> str | None:
    """A name that is part of a public host name exists once in all of Azure."""
    if change.action != "create" or change.type not in _TAKEN:
        return None
    name = name_of(change.id)
    others = (r["id"] for r in change.cloud.all(change.type))
    if any(same(name_of(id_), name) and not same(id_, change.id) for id_ in others):
        return answer(_TAKEN[change.type], name=name)
    return None


def soft_deleted_vault_holds_the_name(change: Change) -> str | None:
    """A deleted vault keeps its name until it is purged, or its days of retention are over.

    Purge protection forbids the purge. azurerm recovers the vault in the same region and group,
    unless its `features` say not to.
    """
    if change.action != "create" or change.type != _VAULT:
        return None
    name, location = name_of(change.id), change.values.get("location")
    for vault in change.cloud.soft_deleted.all(_VAULT):
        if not same(name_of(vault["id"]), name):
            continue
        if not same(vault["id"], change.id) or not same(vault.get("location"), location):
            return answer(refusals.VAULT_NAME_TAKEN, name=name)
        if not change.feature("key_vault", "recover_soft_deleted_key_vaults"):
            return (
                f'An existing soft-deleted Key Vault exists with the Name "{name}" in the location '
                f'"{location}", however automatically recovering this KeyVault has been disabled '
                'via the "features" block.'
            )
    return None
