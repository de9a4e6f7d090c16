"""What one resource knows from others: a service principal from its application, and the like."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from azure_facts import directory
from azure_facts.limits import free_address

from standin_providers.cloud_folder import CloudFolder
from standin_providers.identifiers import minted

Values = Mapping[str, Any]

# A change of the one makes the other one new.
RECOMPUTED: Mapping[str, Mapping[str, str]] = {
    "azuread_application": {"app_role": "app_role_ids", "api": "oauth2_permission_scope_ids"},
    "azurerm_kubernetes_cluster": {"oidc_issuer_enabled": "oidc_issuer_url"},
    "helm_release": {"chart": "metadata", "values": "metadata", "version": "metadata"},
}


def known(type_: str, values: Values, cloud: CloudFolder) -> dict[str, Any]:
    """Return the computed values that follow from other resources, by attribute path."""
    reader = _READERS.get(type_)
    return dict(reader(values, cloud)) if reader else {}


def _application(values: Values, cloud: CloudFolder) -> Iterator[tuple[str, Any]]:
    roles = [role for role in values.get("app_role") or [] if role.get("value")]
    yield "app_role_ids", {role["value"]: role["id"] for role in roles}
    api = values.get("api") or []
    scopes = api[0].get("oauth2_permission_scope") or [] if api else []
    yield "oauth2_permission_scope_ids", {s["value"]: s["id"] for s in scopes if s.get("value")}


def _service_principal(values: Values, cloud: CloudFolder) -> Iterator[tuple[str, Any]]:
    if values.get("client_id") == directory.GRAPH:
        yield from {
            "display_name": "Microsoft Graph",
            "app_role_ids": dict(directory.GRAPH_ROLES),
            "oauth2_permission_scope_ids": dict(directory.GRAPH_SCOPES),
        }.items()
    for application in cloud.all("azuread_application"):
        if application.get("client_id") == values.get("client_id"):
            for name in ("app_role_ids", "oauth2_permission_scope_ids", "display_name"):
                yield name, application.get(name)


def _published(values: Values, cloud: CloudFolder) -> Iterator[tuple[str, Any]]:
    yield "result", {"MicrosoftGraph": directory.GRAPH}


def _private_endpoint(values: Values, cloud: CloudFolder) -> Iterator[tuple[str, Any]]:
    subnet = cloud.find("azurerm_subnet", str(values.get("subnet_id"))) or {}
    prefixes = subnet.get("address_prefixes") or ["10.0.0.0/24"]
    number = uuid.UUID(minted("address", values.get("name"))).int
    yield "private_service_connection.private_ip_address", free_address(prefixes[0], number)


def _role_assignment(values: Values, cloud: CloudFolder) -> Iterator[tuple[str, Any]]:
    for role in cloud.all("azurerm_role_definition"):
        resource_id = role.get("role_definition_resource_id")
        if role.get("name") == values.get("role_definition_name"):
            yield "role_definition_id", resource_id
        if resource_id == values.get("role_definition_id"):
            yield "role_definition_name", role.get("name")


def _release(values: Values, cloud: CloudFolder) -> Iterator[tuple[str, Any]]:
    for name in ("name", "namespace", "version"):
        if isinstance(values.get(name), str):
            yield f"metadata.{name}", values[name]


_READERS = {
    "azuread_application": _application,
    "azuread_application_published_app_ids": _published,
    "azuread_service_principal": _service_principal,
    "azurerm_private_endpoint": _private_endpoint,
    "azurerm_role_assignment": _role_assignment,
    "helm_release": _release,
}
