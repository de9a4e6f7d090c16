"""Names that are unique in all of Azure, and names that a deleted resource still holds."""

from collections.abc import Mapping

from standin_providers.change import Change, answer, name_of, same

_VAULT = "azurerm_key_vault"
_VAULT_TAKEN = (
    "The vault name '{name}' is already in use. Vault names are globally unique so it is possible "
    "that the name is already taken. If you are sure that the vault name was not taken then it is "
    "possible that a vault with the same name was recently deleted but not purged after being "
    "placed in a recoverable state."
)
_GLOBAL: Mapping[str, tuple[str, str]] = {
    _VAULT: ("VaultAlreadyExists", _VAULT_TAKEN),
    "azurerm_container_registry": (
        "AlreadyInUse",
        "The registry DNS name {name}.azurecr.io is already in use.",
    ),
    "azurerm_postgresql_flexible_server": (
        "ServerNameAlreadyExists",
        "Specified server name {name} is already used.",
    ),
    "azurerm_storage_account": (
        "StorageAccountAlreadyTaken",
        "The storage account named {name} is already taken.",
    ),
}


def global_name_is_taken(change: Change) -> str | None:
    """A name that is part of a public host name exists once, whatever its resource group.

    https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    """
    if change.action != "create" or change.type not in _GLOBAL:
        return None
    name = name_of(change.id)
    others = (r["id"] for r in change.cloud.all(change.type))
    if any(same(name_of(id_), name) and not same(id_, change.id) for id_ in others):
        code, message = _GLOBAL[change.type]
        return answer("409 Conflict", code, message.format(name=name))
    return None


def soft_deleted_vault_holds_the_name(change: Change) -> str | None:
    """A deleted vault keeps its name until it is purged, which purge protection forbids.

    azurerm recovers it in the same region and group, unless its `features` say not to.
    https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
    """
    if change.action != "create" or change.type != _VAULT:
        return None
    name, location = name_of(change.id), change.values.get("location")
    for vault in change.cloud.soft_deleted.all(_VAULT):
        if not same(name_of(vault["id"]), name):
            continue
        if not same(vault["id"], change.id) or not same(vault.get("location"), location):
            return answer("409 Conflict", "VaultAlreadyExists", _VAULT_TAKEN.format(name=name))
        if not change.feature("key_vault", "recover_soft_deleted_key_vaults", default=True):
            return (
                f'An existing soft-deleted Key Vault exists with the Name "{name}" in the location '
                f'"{location}", however automatically recovering this KeyVault has been disabled '
                'via the "features" block.'
            )
    return None
