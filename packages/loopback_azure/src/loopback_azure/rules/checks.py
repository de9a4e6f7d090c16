"""Azure's refusals that follow from other resources: what is missing, and what is in use."""

import re
from collections.abc import Iterator

from azure_facts import refusals

from loopback_azure.http_messages import Document, RefusedError
from loopback_azure.resource_path import ResourcePath
from loopback_azure.resource_types import resource_types
from loopback_azure.store import Store

_ID = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/.+", re.IGNORECASE)

# A resource of the first type stays as long as one of the second names it.
_IN_USE = {
    "microsoft.network/virtualnetworks/subnets": (refusals.SUBNET_IN_USE, "microsoft."),
    "microsoft.network/networksecuritygroups": (
        refusals.SECURITY_GROUP_IN_USE,
        "microsoft.network/virtualnetworks/subnets",
    ),
    "microsoft.network/natgateways": (
        refusals.NAT_GATEWAY_IN_USE,
        "microsoft.network/virtualnetworks/subnets",
    ),
    "microsoft.network/publicipprefixes": (
        refusals.PUBLIC_IP_PREFIX_IN_USE,
        "microsoft.network/natgateways",
    ),
    "microsoft.compute/diskencryptionsets": (
        refusals.DISK_ENCRYPTION_SET_IN_USE,
        "microsoft.containerservice/managedclusters",
    ),
}


def check_references(address: ResourcePath, document: Document, store: Store) -> None:
    """Refuse ids of resources that do not exist, in groups of which all is known.

    Raises:
        RefusedError: Azure's InvalidResourceReference.
    """
    for name in _ids(document):
        other = ResourcePath.parse(name)
        if name.lower() == address.path.lower() or other.type.lower() not in resource_types():
            continue
        if store.get(other.group) is not None and store.get(other.path) is None:
            raise RefusedError.of(refusals.INVALID_REFERENCE, reference=name, id=address.path)


def check_delete(address: ResourcePath, store: Store) -> None:
    """Refuse to delete what is locked, and what others need.

    Raises:
        RefusedError: Azure's ScopeLocked, or that the resource is in use.
    """
    if address.type.lower() == "microsoft.authorization/locks":
        return
    for lock in store.of_type("Microsoft.Authorization/locks"):
        scope = ResourcePath.parse(lock["id"]).scope.lower()
        if f"{address.path.lower()}/".startswith(f"{scope}/"):
            raise RefusedError.of(
                refusals.SCOPE_LOCKED, id=address.path, verb="delete", scopes=scope
            )
    if address.type.lower() not in _IN_USE:
        return
    refusal, users = _IN_USE[address.type.lower()]
    for other in store.under(""):
        kind = ResourcePath.parse(other["id"]).type.lower()
        named = (name.lower() for name in _ids(other.get("properties")))
        if kind.startswith(users) and address.path.lower() in named:
            raise RefusedError.of(refusal, name=address.name, user=other["id"])


def _ids(value: object) -> Iterator[str]:
    """Yield every resource id in a document; the id of its own is no reference."""
    match value:
        case str() if _ID.fullmatch(value) and ResourcePath.parse(value).is_resource:
            yield value
        case dict():
            for name, inner in value.items():
                yield from _ids(name) if isinstance(inner, dict) else ()
                yield from _ids(inner)
        case list():
            for inner in value:
                yield from _ids(inner)
