"""Identities: principals that Entra ID makes for Azure's resources."""

import time
from datetime import UTC, datetime

from azure_facts import refusals

from loopback_azure.http_messages import Document, RefusedError
from loopback_azure.resource_types import NewResource, rule
from loopback_azure.rules.values import EPOCH, guid

_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"


@rule(_IDENTITY)
def user_assigned(made: NewResource) -> Document:
    """An identity has a client and a principal."""
    return {"properties": {"tenantId": made.tenant, **_principal(made.address.path)}}


@rule(
    "Microsoft.Storage/storageAccounts",
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.ContainerService/managedClusters",
    "Microsoft.Compute/diskEncryptionSets",
    "Microsoft.Compute/virtualMachines",
    "Microsoft.Dashboard/grafana",
    "Microsoft.DataProtection/backupVaults",
    "Microsoft.DBforPostgreSQL/flexibleServers",
    "Microsoft.KubernetesConfiguration/extensions",
)
def assigned(made: NewResource) -> Document:
    """A resource that asks for identities gets the ids of their principals."""
    identity = made.document.get("identity")
    if not identity or identity.get("type") == "None":
        return {}
    told: Document = {"tenantId": made.tenant}
    if "systemassigned" in identity["type"].lower():
        told["principalId"] = guid(made.address.path, "principal")
    if assigned := identity.get("userAssignedIdentities"):
        told["userAssignedIdentities"] = {one: _principal(one) for one in assigned}
    return {"identity": told}


@rule("Microsoft.Authorization/roleDefinitions")
def role_definition(made: NewResource) -> Document:
    """Azure tells when a role was made and last changed."""
    now = datetime.now(UTC).isoformat()
    return {"properties": {"createdOn": EPOCH, "updatedOn": now}}


@rule("Microsoft.Authorization/roleAssignments")
def role_assignment(made: NewResource) -> Document:
    """Azure refuses to grant the same role twice under two names."""
    wanted = {k: made.properties[k].lower() for k in ("principalId", "roleDefinitionId")}
    for other in made.store.of_type("Microsoft.Authorization/roleAssignments"):
        same = {k: other["properties"][k].lower() for k in wanted} == wanted
        scope = other["properties"]["scope"].lower() == made.address.scope.lower()
        if same and scope and other["id"].lower() != made.address.path.lower():
            raise RefusedError.of(refusals.ROLE_ASSIGNED, existing=other["id"])
    before = made.store.get(made.address.path) or {"properties": {"createdSeconds": time.time()}}
    created = before["properties"]["createdSeconds"]
    return {"properties": {"scope": made.address.scope, "createdSeconds": created}}


def _principal(identity: str) -> Document:
    return {"clientId": guid(identity, "client"), "principalId": guid(identity, "principal")}
