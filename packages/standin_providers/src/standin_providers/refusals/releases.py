"""Releases of Helm in one cluster."""

from standin_providers.change import Change

_RELEASE = "helm_release"


def release_name_is_in_use(change: Change) -> str | None:
    """A namespace has one release of a name: Helm's own words."""
    if change.action != "create" or change.type != _RELEASE:
        return None
    own = {name: change.values.get(name) for name in ("name", "namespace")}
    if any(own.items() <= release.items() for release in change.cloud.all(_RELEASE)):
        return "cannot re-use a name that is still in use"
    return None
