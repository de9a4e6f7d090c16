"""What Azure Resource Manager tells of itself: endpoints, subscriptions, providers, definitions."""

from azure_facts.directory import POLICIES, ROLES

from loopback_azure.http_messages import Document, RefusedError, Reply, Request
from loopback_azure.resource_path import ResourcePath
from loopback_azure.resource_types import resource_types
from loopback_azure.store import Store
from loopback_azure.subscription_offers import (
    ROLES_OF_DEPLOYERS,
    Offers,
    assigned_to,
    permissions,
)

_KNOWN_ROLES = {**ROLES, **ROLES_OF_DEPLOYERS}
_ROLES = "microsoft.authorization/roledefinitions"


def metadata_reply(request: Request, store: Store, tenant: str, offers: Offers) -> Reply | None:
    """Answer what is not about a resource; None if it is about one."""
    words = request.path.strip("/").split("/")
    if (offered := offers.reply(request)) is not None:
        return offered
    match [word.lower() for word in words]:
        case ["subscriptions", _]:
            return Reply(document=_subscription(words[1], tenant))
        case ["subscriptions", _, "providers"]:
            return Reply(
                document={"value": [_provider(words[1], n, offers) for n in _namespaces()]}
            )
        case ["subscriptions", _, "providers", _] | [
            "subscriptions",
            _,
            "providers",
            _,
            "register",
        ]:
            return Reply(document=_provider(words[1], words[3], offers))
        case [*_, "checknameavailability"]:
            return offers.availability(request.document, store)
        case ["subscriptions", _, "providers", "microsoft.keyvault", "deletedvaults"]:
            return _deleted_vaults(request, store)
        case [*_, "microsoft.authorization", "roleassignments"] if request.method == "GET":
            return assigned_to(request, store)
        case [*_, "microsoft.resources", "operations", _]:
            return Reply(document={"name": words[-1], "status": "Succeeded"})
        case ["subscriptions", _, "resources"] | [
            "subscriptions",
            _,
            "resourcegroups",
            _,
            "resources",
        ]:
            return _resources(request, store)
        case _ if ResourcePath.parse(request.path).type.lower() == _ROLES:
            return _built_in_role(request, store)
        case [
            "providers",
            "microsoft.authorization",
            "policydefinitions" | "policysetdefinitions",
            _,
        ]:
            return _policy(request)
    return None


def endpoints() -> Document:
    """Return the metadata of Azure's public cloud."""
    return {
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        # without Azure's slash at the end: the providers then ask for `//subscriptions/...`
        "resourceManager": "https://management.azure.com",
        "graph": "https://graph.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "batch": "https://batch.core.windows.net/",
        "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "authentication": {
            "loginEndpoint": "https://login.microsoftonline.com",
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {
            "acrLoginServer": "azurecr.io",
            "azureFrontDoorEndpointSuffix": "azurefd.net",
            "keyVaultDns": "vault.azure.net",
            "mhsmDns": "managedhsm.azure.net",
            "postgresqlServerEndpoint": "postgres.database.azure.com",
            "storage": "core.windows.net",
        },
    }


def _subscription(subscription: str, tenant: str) -> Document:
    return {
        "id": f"/subscriptions/{subscription}",
        "subscriptionId": subscription,
        "displayName": "Loopback",
        "state": "Enabled",
        "tenantId": tenant,
    }


def _namespaces() -> list[str]:
    made = {kind.type.partition("/")[0] for kind in resource_types().values()}
    # what add-ons of the cluster write, by themselves
    return sorted({*made, "Microsoft.OperationsManagement", "Microsoft.PolicyInsights"})


def _provider(subscription: str, namespace: str, offers: Offers) -> Document:
    registered = namespace not in offers.unregistered
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": "Registered" if registered else "NotRegistered",
        "resourceTypes": [],
    }


def _resources(request: Request, store: Store) -> Reply:
    """List resources, all or of one type (`$filter=resourceType eq '...'`)."""
    prefix = request.path.rsplit("/", 1)[0]
    wanted = request.query.get("$filter", "")
    found = [
        one
        for one in store.under(prefix)
        if (address := ResourcePath.parse(one["id"])).group and len(address.types) == 1
        and address.scope.lower() == address.group.lower()
        and (not wanted or f"resourcetype eq '{address.type}'".lower() in wanted.lower())
    ]  # fmt: skip
    shown = ("id", "name", "type", "location", "tags", "sku", "kind")
    return Reply(document={"value": [{k: v for k, v in o.items() if k in shown} for o in found]})


def _deleted_vaults(request: Request, store: Store) -> Reply:
    base = request.path.rpartition("/")[0]
    graves = store.of_type("Microsoft.KeyVault/locations/deletedVaults", base)
    return Reply(document={"value": graves})


def _built_in_role(request: Request, store: Store) -> Reply | None:
    """Answer a role by its id, or a search by name (`$filter=roleName eq '...'`).

    None for a role of the subscription's own, which is a resource like others.
    """
    wanted = request.query.get("$filter")
    path = ResourcePath.parse(request.path)
    if wanted is None:
        guid = request.path.rsplit("/", 1)[1].lower()
        for name, known in _KNOWN_ROLES.items():
            if known == guid:
                return Reply(document=_role_definition(path.scope, name, known))
        return None
    name = wanted.partition("'")[2].rpartition("'")[0]
    if name in _KNOWN_ROLES:
        found = [_role_definition(path.scope, name, _KNOWN_ROLES[name])]
    else:
        own = store.of_type(path.type, f"/subscriptions/{path.subscription}")
        found = [one for one in own if one["properties"]["roleName"] == name]
    return Reply(document={"value": found})


def _role_definition(scope: str, name: str, guid: str) -> Document:
    subscription = "/".join(scope.split("/")[:3])
    return {
        "id": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
        "name": guid,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": name,
            "type": "BuiltInRole",
            "assignableScopes": ["/"],
            "permissions": permissions(name),
        },
    }


def _policy(request: Request) -> Reply:
    guid = request.path.rsplit("/", 1)[1].lower()
    name = POLICIES.get(guid)
    if name is None:
        raise RefusedError(404, "PolicyDefinitionNotFound", f"no built-in policy has the id {guid}")
    properties = {"displayName": name, "policyType": "BuiltIn"}
    return Reply(document={"id": request.path, "name": guid, "properties": properties})
