"""Role assignments, and the credentials that are federated with an identity."""

import json
import re

from azure_facts import limits, refusals

from standin_providers.change import Change, answer, name_of, parent, same
from standin_providers.identifiers import is_minted

_ASSIGNMENT = "azurerm_role_assignment"
_CREDENTIAL = "azurerm_federated_identity_credential"
_DIRECTORY = ("azuread_group", "azuread_service_principal", "azuread_user")
_PRINCIPAL = re.compile(r'"(?:principal_id|object_id)": "([0-9a-f-]{36})"')


def principal_does_not_exist(change: Change) -> str | None:
    """A role is assigned to a principal that exists: no application, and nothing that was deleted.

    A UUID that a person wrote cannot be checked, and is taken to be in the directory.
    """
    if change.type != _ASSIGNMENT or change.action != "create":
        return None
    principal = str(change.values.get("principal_id"))
    if not is_minted(principal) or principal in _principals(change):
        return None
    return answer(refusals.PRINCIPAL_NOT_FOUND, principal=principal.replace("-", ""))


def _principals(change: Change) -> set[str]:
    """Return the ids of the cloud's identities, and of groups, users and service principals."""
    azure = [t for t in change.cloud.types() if t.startswith("azurerm_") and t != _ASSIGNMENT]
    resources = change.cloud.all(*azure) if azure else []
    assumed = change.cloud.assumed
    directory = [*change.cloud.all(*_DIRECTORY), *assumed.all(*_DIRECTORY)]
    clients = assumed.all("azurerm_client_config", "azuread_client_config")
    return set(_PRINCIPAL.findall(json.dumps([resources, directory, clients])))


def role_is_assigned_already(change: Change) -> str | None:
    """A role is assigned to a principal at a scope only once."""
    if change.type != _ASSIGNMENT or change.action != "create":
        return None
    for other in change.cloud.all(_ASSIGNMENT):
        if all(
            same(other.get(name), change.values.get(name))
            for name in ("scope", "principal_id", "role_definition_id")
        ):
            existing = name_of(other["id"]).replace("-", "")
            return answer(refusals.ROLE_ASSIGNED, existing=existing)
    return None


def too_many_federated_credentials(change: Change) -> str | None:
    """An identity has at most `limits.FEDERATED_CREDENTIALS` federated credentials."""
    if change.type != _CREDENTIAL or change.action != "create":
        return None
    identity = parent(change.id, "userAssignedIdentities")
    own = [
        credential
        for credential in change.cloud.all(_CREDENTIAL)
        if same(parent(credential["id"], "userAssignedIdentities"), identity)
    ]
    most = limits.FEDERATED_CREDENTIALS
    if len(own) < most:
        return None
    return answer(refusals.TOO_MANY_CREDENTIALS, name=name_of(identity), count=len(own), most=most)
