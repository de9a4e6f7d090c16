"""Key vaults as resources; what they hold is in `vaults.py`."""

from azure_facts import hosts

from loopback_azure.http_messages import Document, RefusedError
from loopback_azure.resource_path import ResourcePath
from loopback_azure.resource_types import NewResource, rule
from loopback_azure.rules.values import EPOCH
from loopback_azure.store import Store


@rule("Microsoft.KeyVault/vaults")
def vault(made: NewResource) -> Document:
    """A vault is found by its name."""
    return {"properties": {"vaultUri": hosts.VAULT_URI.format(name=made.address.name.lower())}}


@rule("Microsoft.KeyVault/vaults")
def recovered(made: NewResource) -> Document:
    """Under the name of a deleted vault only that vault can be had again."""
    grave = _grave(made.address, made.document["location"])
    if made.store.get(grave) is None:
        return {}
    if made.properties.get("createMode") != "recover":
        raise RefusedError(
            409, "ConflictError", f"a deleted vault of the name {made.address.name} is still there"
        )
    made.store.delete(grave)
    return {}


def bury(address: ResourcePath, document: Document, store: Store) -> None:
    """Keep a deleted vault for its days of soft delete, as Azure does."""
    if address.type.lower() == "microsoft.keyvault/vaults":
        grave = _grave(address, document["location"])
        properties = {"vaultId": address.path, "deletionDate": EPOCH}
        store.put(grave, {"id": grave, "name": address.name, "properties": properties})


def _grave(address: ResourcePath, location: str) -> str:
    base = f"/subscriptions/{address.subscription}/providers/Microsoft.KeyVault"
    return f"{base}/locations/{location}/deletedVaults/{address.name}"
