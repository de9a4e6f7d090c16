"""What keeps resources from being destroyed, and how a rehearsal gets around it."""

import copy

from synthesis.links import Document

_LOCK = "azurerm_management_lock"


def protected_addresses(document: Document) -> frozenset[str]:
    """Return the addresses of the resources that have `prevent_destroy`."""
    return frozenset(
        f"{kind}.{name}"
        for kind, resources in document.get("resource", {}).items()
        for name, resource in resources.items()
        if resource.get("lifecycle", {}).get("prevent_destroy")
    )


def locks(document: Document) -> frozenset[str]:
    """Return the addresses of Azure's own locks, which keep other stacks' resources, too."""
    return frozenset(f"{_LOCK}.{name}" for name in document.get("resource", {}).get(_LOCK, {}))


def without_protection(document: Document) -> Document:
    """Return a copy in which nothing has `prevent_destroy`."""
    lifted = copy.deepcopy(document)
    for resources in lifted.get("resource", {}).values():
        for resource in resources.values():
            resource.get("lifecycle", {}).pop("prevent_destroy", None)
    return lifted


def released(document: Document) -> Document:
    """Return a copy that protects nothing: neither by `prevent_destroy` nor by a lock."""
    lifted = without_protection(document)
    lifted.get("resource", {}).pop(_LOCK, None)
    return lifted
