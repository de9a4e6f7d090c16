"""What `prevent_destroy` keeps, and how a rehearsal gets around it."""

import copy

from tools.rehearsal.synthesis import Document


def lift_protection(document: Document) -> Document:
    """Return a copy in which nothing has `prevent_destroy`."""
    lifted = copy.deepcopy(document)
    for resources in lifted.get("resource", {}).values():
        for resource in resources.values():
            resource.get("lifecycle", {}).pop("prevent_destroy", None)
    return lifted


def protected_addresses(document: Document) -> frozenset[str]:
    """Return the addresses of the resources that have `prevent_destroy`."""
    return frozenset(
        f"{kind}.{name}"
        for kind, resources in document.get("resource", {}).items()
        for name, resource in resources.items()
        if resource.get("lifecycle", {}).get("prevent_destroy")
    )
