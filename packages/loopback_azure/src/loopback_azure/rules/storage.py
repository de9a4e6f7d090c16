"""Storage accounts: their endpoints, their services, and the keys that nobody should use."""

from azure_facts import hosts

from loopback_azure.http_messages import Document, Reply
from loopback_azure.resource_types import NewResource, rule
from loopback_azure.rules.values import EPOCH, digest

_ACCOUNT = "Microsoft.Storage/storageAccounts"
_COPIED = ("GRS", "RAGRS", "GZRS", "RAGZRS")


@rule(_ACCOUNT)
def endpoints(made: NewResource) -> Document:
    """Every service has an address of its own, and a second one where a copy can be read."""
    name, location = made.address.name, made.document["location"]
    properties: Document = {
        "primaryEndpoints": _endpoints(name),
        "primaryLocation": location,
        "statusOfPrimary": "available",
        "creationTime": EPOCH,
        "keyCreationTime": {"key1": EPOCH, "key2": EPOCH},
    }
    if made.document["sku"]["name"].partition("_")[2] in _COPIED:
        properties |= {"secondaryLocation": "northeurope", "statusOfSecondary": "available"}
        if "_RA" in made.document["sku"]["name"]:
            properties["secondaryEndpoints"] = _endpoints(f"{name}-secondary")
    return {"properties": properties, "sku": {"tier": made.document["sku"]["name"].split("_")[0]}}


@rule(f"{_ACCOUNT}/managementPolicies")
def modified(made: NewResource) -> Document:
    """A policy knows when it was changed."""
    return {"properties": {"lastModifiedTime": EPOCH}}


def list_keys(made: NewResource, asked: Document) -> Reply:
    """Return keys, whether or not the account accepts them."""
    keys = [
        {"keyName": name, "permissions": "FULL", "value": digest(f"{made.address.path}/{name}")}
        for name in ("key1", "key2")
    ]
    return Reply(document={"keys": keys})


def _endpoints(name: str) -> Document:
    return {s: f"https://{name}{hosts.storage_suffix(s)}/" for s in hosts.STORAGE_SERVICES}
