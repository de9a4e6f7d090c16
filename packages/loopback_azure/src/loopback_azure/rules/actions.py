"""POST calls on resources, by the resource's type and the action's name."""

from collections.abc import Callable

from loopback_azure.http_messages import Document, Reply
from loopback_azure.resource_types import NewResource

Action = Callable[[NewResource, Document], Reply]
_ACTIONS: dict[tuple[str, str], Action] = {}


def action(type_: str, name: str) -> Callable[[Action], Action]:
    """Mark what answers an action on resources of a type."""

    def mark(function: Action) -> Action:
        _ACTIONS[type_.lower(), name.lower()] = function
        return function

    return mark


def action_of(type_: str, name: str) -> Action | None:
    """Return what answers an action."""
    return _ACTIONS.get((type_.lower(), name.lower()))
