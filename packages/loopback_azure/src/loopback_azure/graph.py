"""Microsoft Graph: applications, service principals and what belongs to them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from azure_facts import directory

from loopback_azure.entra import OBJECT
from loopback_azure.http_messages import Document, RefusedError, Reply, Request, unknown
from loopback_azure.merging import patched
from loopback_azure.rules.values import EPOCH, guid
from loopback_azure.store import Store
from loopback_azure.subscription_offers import Offers

HOST = "graph.microsoft.com"
_BASE = f"https://{HOST}"
_OBJECTS = {"applications": "application", "serviceprincipals": "servicePrincipal"}
_CHILDREN = ("appRoleAssignedTo", "federatedIdentityCredentials")
_EQUALS = re.compile(r"(?P<name>\w+) eq '(?P<value>(?:[^']|'')*)'")
# What Graph shows of an object even when nobody gave it: empty lists, where the providers count.
_EMPTY: Mapping[str, Mapping[str, Any]] = {
    "application": {
        "addIns": [],
        "appRoles": [],
        "groupMembershipClaims": None,
        "identifierUris": [],
        "keyCredentials": [],
        "passwordCredentials": [],
        "requiredResourceAccess": [],
        "tags": [],
    },
    "servicePrincipal": {
        "accountEnabled": True,
        "appRoles": [],
        "oauth2PermissionScopes": [],
        "replyUrls": [],
        "servicePrincipalNames": [],
        "tags": [],
    },
}


def _of_microsoft(name: str, client: str, roles: Mapping[str, str]) -> tuple[str, Document]:
    """Return a service principal that every tenant has, by its URL."""
    own = guid("serviceprincipals", client)
    body = {
        **_EMPTY["servicePrincipal"],
        "id": own,
        "appId": client,
        "displayName": name,
        "servicePrincipalNames": [client],
        "appRoles": [
            {"id": id_, "value": value, "displayName": value, "description": value,
             "isEnabled": True, "allowedMemberTypes": ["Application"]}
            for value, id_ in roles.items()
        ],
        "@odata.type": "#microsoft.graph.servicePrincipal",
    }  # fmt: skip
    return f"{_BASE}/serviceprincipals/{own}", body


_MICROSOFTS: Mapping[str, Document] = dict(
    (
        _of_microsoft("Microsoft Graph", directory.GRAPH, directory.GRAPH_ROLES),
        _of_microsoft("DevOpsInfrastructure", directory.DEVOPS_INFRASTRUCTURE, {}),
    )
)


class Graph:
    """Answers the calls to Microsoft Graph; objects lie in the store below its URL."""

    def __init__(self, store: Store, tenant: str, offers: Offers | None = None) -> None:
        self._offers = offers or Offers()
        self._store = store
        self._tenant = tenant

    def __call__(self, request: Request) -> Reply:
        """Answer one call."""
        if not request.headers.get("authorization", "").startswith("Bearer "):
            raise RefusedError(401, "InvalidAuthenticationToken", "Access token is empty.")
        self._offers.refuse(request)
        _, *words = request.path.strip("/").split("/")
        with self._store.lock:
            match [request.method, words[0].lower(), *words[1:]]:
                case [method, "oauth2permissiongrants", *rest]:
                    return self._grants(request, method, rest)
                case ["GET", "serviceprincipals", own, "oauth2PermissionGrants"]:
                    return Reply(document={"value": self._granted(own)})
                case ["GET", "serviceprincipals", own, "appRoleAssignments"]:
                    url = f"{_BASE}/serviceprincipals/{own}"
                    self._found(url)
                    held = self._store.under(f"{url}/appRoleAssignments")
                    return Reply(document={"value": [one["body"] for one in held]})
                case ["GET", "directoryobjects", own]:
                    return Reply(document=_member(own))
                case [method, collection] if collection in _OBJECTS:
                    return self._objects(request, method, collection)
                case [method, collection, own] if collection in _OBJECTS:
                    return self._object(request, method, f"{_BASE}/{collection}/{own}")
                case [method, collection, own, "owners", *rest] if collection in _OBJECTS:
                    return self._owners(request, method, f"{_BASE}/{collection}/{own}", rest)
                case [method, collection, own, kind, *rest] if kind in _CHILDREN:
                    owner = f"{_BASE}/{collection}/{own}"
                    return self._children(request, method, owner, kind, rest)
        raise unknown(request)

    def _objects(self, request: Request, method: str, collection: str) -> Reply:
        if method == "GET":
            found = [one for one in self._store.under(f"{_BASE}/{collection}") if "body" in one]
            wanted = request.query.get("$filter", "")
            others = _MICROSOFTS.values() if collection == "serviceprincipals" else ()
            every = [*(one["body"] for one in found), *others]
            shown = [body for body in every if _matches(body, wanted)]
            return Reply(document={"value": shown})
        if method != "POST":
            raise unknown(request)
        asked = request.document
        owners = [url.rsplit("/", 1)[1] for url in asked.pop("owners@odata.bind", [])] or [OBJECT]
        count = len(list(self._store.under(f"{_BASE}/{collection}")))
        own = guid(collection, str(asked.get("displayName") or asked.get("appId")), str(count))
        kind = _OBJECTS[collection]
        body = {**_EMPTY[kind], **_kept(asked)}
        body |= {"id": own, "createdDateTime": EPOCH, "@odata.type": f"#microsoft.graph.{kind}"}
        if kind == "application":
            body |= {"appId": guid(own, "app"), "publisherDomain": "loopback.onmicrosoft.com"}
        else:
            body |= self._described(asked["appId"])
        url = f"{_BASE}/{collection}/{own}"
        self._store.put(url, {"id": url, "body": body, "owners": owners})
        return Reply(status=201, document=body)

    def _described(self, client: str) -> Document:
        """Return what a service principal takes over from its application."""
        for one in self._store.under(f"{_BASE}/applications"):
            body = one.get("body", {})
            if body.get("appId") == client:
                return {
                    "displayName": body["displayName"],
                    "appRoles": body["appRoles"],
                    "appOwnerOrganizationId": self._tenant,
                    "servicePrincipalNames": [client, *body["identifierUris"]],
                    "servicePrincipalType": "Application",
                    "signInAudience": body.get("signInAudience"),
                    "homepage": (body.get("web") or {}).get("homePageUrl"),
                    "replyUrls": (body.get("web") or {}).get("redirectUris") or [],
                }
        raise RefusedError(400, "Request_BadRequest", f"no application has the appId {client}")

    def _object(self, request: Request, method: str, url: str) -> Reply:
        found = self._found(url)
        if method == "GET":
            return Reply(document=found["body"])
        if method == "PATCH":
            body = _kept(patched(found["body"], request.document))
            empty = _EMPTY[body["@odata.type"].rsplit(".", 1)[1]]
            body |= {k: v for k, v in empty.items() if body.get(k) is None}
            self._store.put(url, {**found, "body": body})
            return Reply(status=204)
        if method == "DELETE":
            self._store.delete(url)
            return Reply(status=204)
        raise unknown(request)

    def _grants(self, request: Request, method: str, rest: list[str]) -> Reply:
        """Answer for consents (learn.microsoft.com: "oAuth2PermissionGrant")."""
        base = f"{_BASE}/oauth2permissiongrants"

        def new(asked: Document) -> Document:
            own = guid(base, asked["clientId"], asked["resourceId"], asked["consentType"])
            return {"principalId": None, **asked, "id": own}

        return self._documents(request, method, base, rest, new)

    def _granted(self, client: str) -> list[Document]:
        every = self._store.under(f"{_BASE}/oauth2permissiongrants")
        return [one["body"] for one in every if one["body"]["clientId"] == client]

    def _owners(self, request: Request, method: str, url: str, rest: list[str]) -> Reply:
        found = self._found(url)
        match [method, *rest]:
            case ["GET"] | ["GET", "$ref"]:
                return Reply(document={"value": [_member(own) for own in found["owners"]]})
            case ["POST", "$ref"]:
                found["owners"].append(request.document["@odata.id"].rsplit("/", 1)[1])
            case ["DELETE", own, "$ref"]:
                found["owners"].remove(own)
            case _:
                raise unknown(request)
        self._store.put(url, found)
        return Reply(status=204)

    def _children(
        self, request: Request, method: str, owner: str, kind: str, rest: list[str]
    ) -> Reply:
        holder = self._found(owner)
        base = f"{owner}/{kind}"

        def new(asked: Document) -> Document:
            body = {**asked, "id": guid(base, str(sorted(asked.items(), key=str)))}
            if kind == "appRoleAssignedTo":
                body |= _assignment(asked, holder["body"])
            return body

        return self._documents(request, method, base, rest, new)

    def _documents(
        self,
        request: Request,
        method: str,
        base: str,
        rest: list[str],
        new: Callable[[Document], Document],
    ) -> Reply:
        """Answer for the documents at an address; `new` makes one, with its id, of what is sent."""
        match [method, *rest]:
            case ["GET"]:
                shown = [one["body"] for one in self._store.under(base)]
                return Reply(document={"value": shown})
            case ["POST"]:
                body = new(request.document)
                url = f"{base}/{body['id']}"
                self._store.put(url, {"id": url, "body": body})
                return Reply(status=201, document=body)
            case ["GET", own]:
                return Reply(document=self._found(f"{base}/{own}")["body"])
            case ["PATCH", own]:
                found = self._found(f"{base}/{own}")
                body = patched(found["body"], request.document)
                self._store.put(f"{base}/{own}", {**found, "body": body})
                return Reply(status=204)
            case ["DELETE", own]:
                self._store.delete(f"{base}/{own}")
                return Reply(status=204)
        raise unknown(request)

    def _found(self, url: str) -> Document:
        found = self._store.get(url)
        if found is None and url.lower() in _MICROSOFTS:
            return {"body": _MICROSOFTS[url.lower()]}
        if found is None:
            said = f"Resource '{url.rsplit('/', 1)[1]}' does not exist"
            raise RefusedError(404, "Request_ResourceNotFound", said)
        return found


def _assignment(asked: Document, resource: Document) -> Document:
    """Refuse a role that the resource does not have; 0 is the default one."""
    role = asked["appRoleId"]
    known = [one["id"] for one in resource["appRoles"]]
    if role not in known and role.strip("0-"):
        raise RefusedError(
            400, "Request_BadRequest", f"'{resource['displayName']}' has no app role {role}"
        )
    shown = {"resourceDisplayName": resource["displayName"], "principalType": "Group"}
    return {**shown, "principalDisplayName": asked["principalId"], "createdDateTime": EPOCH}


def _member(own: str) -> Document:
    """Return a user that the stacks did not make, and that is taken to be in the tenant."""
    return {"id": own, "@odata.type": "#microsoft.graph.user"}


def _kept(asked: Document) -> Document:
    """Return an object as Graph keeps it: without what is empty."""
    return {name: value for name, value in asked.items() if value not in (None, "")}


def _matches(body: Document, wanted: str) -> bool:
    found = list(_EQUALS.finditer(wanted))
    return all(body.get(m["name"]) == m["value"].replace("''", "'") for m in found)
