"""Azure Resource Manager: resources put, read, listed, changed and deleted by their ids."""

import uuid
from dataclasses import replace
from http.client import ACCEPTED
from typing import TYPE_CHECKING

from azure_facts import refusals

from loopback_azure import rules
from loopback_azure.busy_servers import BusyServers
from loopback_azure.http_messages import Document, RefusedError, Reply, Request, unknown
from loopback_azure.merging import filled, over, patched
from loopback_azure.recording import Recording
from loopback_azure.resource_manager_metadata import endpoints, metadata_reply
from loopback_azure.resource_path import ResourcePath
from loopback_azure.resource_types import (
    NewResource,
    ResourceType,
    resource_types,
    rules_of,
)
from loopback_azure.store import Store
from loopback_azure.subscription_offers import Offers

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "management.azure.com"


class Manager:
    """Answers the calls to management.azure.com."""

    def __init__(
        self,
        store: Store,
        tenant: str,
        recording: Recording,
        offers: Offers | None = None,
        busy_servers: float = 0,
    ) -> None:
        self._busy = BusyServers(busy_servers)
        self._offers = offers or Offers()
        self._store = store
        self._tenant = tenant
        self._recording = recording
        self._verbs: dict[str, Callable[[Request, ResourcePath, ResourceType], Reply]] = {
            "GET": self._get,
            "HEAD": self._get,
            "PUT": self._put,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }

    def __call__(self, request: Request) -> Reply:
        """Answer one call."""
        if request.path == "/metadata/endpoints":
            return Reply(document=endpoints())  # asked before anybody can sign in
        if not request.headers.get("authorization", "").startswith("Bearer "):
            raise RefusedError(401, "AuthenticationFailed", "the 'Authorization' header is missing")
        with self._store.lock:
            self._offers.refuse(request)
            found = metadata_reply(request, self._store, self._tenant, self._offers)
            if found is not None:
                return found
            address = _place(ResourcePath.parse(request.path))
            self._recording.note(request, address)
            self._busy.check(request, address)
            if request.method == "POST":
                return self._act(request, address)
            if (read := self._read_below(request, address)) is not None:
                return read
            kind = resource_types().get(address.type.lower())
            if kind is None or request.method not in self._verbs:
                raise unknown(request)
            if not address.is_resource:
                return self._list(request, address, kind)
            return self._verbs[request.method](request, address, kind)

    def _read_below(self, request: Request, address: ResourcePath) -> Reply | None:
        owner = ResourcePath.parse(address.path.rsplit("/", 1)[0])
        name = (owner.type.lower(), address.types[-1].lower())
        read = rules.READ_BELOW.get(name) if owner.is_resource else None
        if read is None or request.method != "GET":
            return None
        found = self._found(owner)
        return Reply(
            document=read(
                NewResource(address=owner, document=found, store=self._store, tenant=self._tenant)
            )
        )

    def _get(self, request: Request, address: ResourcePath, kind: ResourceType) -> Reply:
        return Reply(document=self._view(self._found(address), kind))

    def _list(self, request: Request, address: ResourcePath, kind: ResourceType) -> Reply:
        if request.method != "GET":
            raise unknown(request)
        prefix = address.path.rsplit("/", 1)[0] if address.names else address.scope
        found = self._store.of_type(kind.type, prefix)
        return Reply(document={"value": [self._view(one, kind) for one in found]})

    def _put(self, request: Request, address: ResourcePath, kind: ResourceType) -> Reply:
        self._check_parent(address, kind)
        return self._written(address, kind, self._make(address, kind, request.document))

    def _patch(self, request: Request, address: ResourcePath, kind: ResourceType) -> Reply:
        before = self._found(address)
        return self._written(
            address, kind, self._make(address, kind, patched(before, request.document))
        )

    def _written(self, address: ResourcePath, kind: ResourceType, document: Document) -> Reply:
        headers = {} if kind.at_once else _operation(address)
        return Reply(status=kind.written, document=document, headers=headers)

    def _delete(self, request: Request, address: ResourcePath, kind: ResourceType) -> Reply:
        document = self._store.get(address.path)
        if document is None:
            return Reply(status=204)
        rules.check_delete(address, self._store)
        rules.bury(address, document, self._store)
        rules.drop_interface(address, document, self._store)
        self._store.delete(address.path)
        return Reply(status=kind.deleted, headers=_operation(address))

    def _act(self, request: Request, address: ResourcePath) -> Reply:
        owner = ResourcePath.parse(address.path.rsplit("/", 1)[0])
        action = rules.ACTIONS.get((owner.type.lower(), address.types[-1].lower()))
        if action is None:
            raise unknown(request)
        made = NewResource(
            address=owner, document=self._found(owner), store=self._store, tenant=self._tenant
        )
        reply = action(made, request.document)
        return replace(reply, headers=_operation(owner)) if reply.status == ACCEPTED else reply

    def _found(self, address: ResourcePath) -> Document:
        found = self._store.get(address.path)
        kind = resource_types().get(address.type.lower())
        if found is None and kind and kind.implied and self._store.get(address.parent):
            self._make(address, kind, {})
            found = self._store.get(address.path)
        if found is None:
            raise RefusedError.of(
                refusals.RESOURCE_NOT_FOUND,
                type=address.type,
                name=address.name,
                scope=address.scope,
            )
        return found

    def _check_parent(self, address: ResourcePath, kind: ResourceType) -> None:
        parent = address.parent
        known = ResourcePath.parse(parent).type.lower() in resource_types() if parent else False
        if not known or self._store.get(parent) is not None:
            return
        group = ResourcePath.parse(parent).group
        if parent != group and self._store.get(group) is None:
            return  # of another team, whose groups are not here
        raise RefusedError.of(refusals.PARENT_NOT_FOUND, type=address.type, parent=parent)

    def _make(self, address: ResourcePath, kind: ResourceType, asked: Document) -> Document:
        """Store what was asked for with what Azure adds, and return what Azure shows of it."""
        rules.check_references(address, asked, self._store)
        document = filled(asked, kind.defaults or {})
        made = NewResource(
            address=address, document=document, store=self._store, tenant=self._tenant
        )
        children = {name: made.properties.pop(name, None) for name in kind.embeds}
        computed: Document = {"id": address.path, "name": address.name, "type": kind.type}
        for one in rules_of(kind):
            computed = over(computed, one(made))
        if "provisioningState" not in computed.get("properties", {}):
            computed = over(computed, {"properties": {"provisioningState": "Succeeded"}})
        self._store.put(address.path, over(made.document, computed))
        self._embed(address, children)
        return self._view(self._found(address), kind)

    def _embed(self, address: ResourcePath, children: dict[str, list[Document] | None]) -> None:
        """Make the child resources that came inside their parent; the list is complete."""
        for type_, found in children.items():
            if found is None:
                continue
            kept = set()
            for child in found:
                own = ResourcePath.parse(f"{address.path}/{type_}/{child['name']}")
                kept.add(own.path.lower())
                self._make(own, resource_types()[own.type.lower()], child)
            for other in self._store.of_type(f"{address.type}/{type_}", address.path):
                if other["id"].lower() not in kept:
                    rules.check_delete(ResourcePath.parse(other["id"]), self._store)
                    self._store.delete(other["id"])

    def _view(self, document: Document, kind: ResourceType) -> Document:
        """Return what Azure shows of a resource: its children with it, its secrets not."""
        properties = document.get("properties", {})
        for name in kind.hidden:
            properties.pop(name, None)
        for name in kind.embeds:
            child = resource_types()[f"{kind.type}/{name}".lower()]
            found = self._store.of_type(child.type, document["id"])
            properties[name] = [self._view(one, child) for one in found]
        return document


def _place(address: ResourcePath) -> ResourcePath:
    """Return where a resource is found, which for a role is its subscription, however it is asked.

    learn.microsoft.com: "Role Definitions - Create Or Update" answers with that id.
    """
    if address.type.lower() != "microsoft.authorization/roledefinitions" or not address.is_resource:
        return address
    scope = f"/subscriptions/{address.subscription}/providers/{address.type}"
    return ResourcePath.parse(f"{scope}/{address.name}")


def _operation(address: ResourcePath) -> dict[str, str]:
    """Return the headers that point to an operation, which is done when it is first asked for."""
    own = f"/subscriptions/{address.subscription}/providers/Microsoft.Resources/operations"
    url = f"https://{HOST}{own}/{uuid.uuid4()}?api-version=2020-01-01"
    return {"Azure-AsyncOperation": url, "Retry-After": "0"}
