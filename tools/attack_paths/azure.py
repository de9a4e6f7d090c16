"""Reads roles, federated accounts, secrets and keys out of the synthesized stacks."""

import re
from collections.abc import Iterator
from typing import Any

from synthesis.resources import EnvironmentStacks, Resource
from tools.attack_paths.facts import Federation, Grant, Secret, StorageKey

HASH = re.compile(r"_[0-9A-F]{8}$")
FOLDER = re.compile(r":path\] StringLike '([^'/]+)/")
ADMINISTRATOR = "azurerm_postgresql_flexible_server_active_directory_administrator"


def named(resource: Resource) -> str:
    """Return a resource's name as docs/reference/identities.md has it."""
    kind, name = resource.type.split("_", 1)[1], HASH.sub("", resource.name)
    return name if kind == "user_assigned_identity" else f"{kind}.{name}"


def grants(here: EnvironmentStacks) -> Iterator[Grant]:
    """Yield every role that the stacks give."""
    for grant in here.resources("azurerm_role_assignment"):
        scope = grant.get("scope")
        _, _, secret = str(scope).partition("/secrets/")
        folder = FOLDER.search(str(grant.get("condition") or ""))
        yield Grant(
            who=_who(here, grant, grant.get("principal_id")),
            role=str(grant.get("role_definition_name")),
            on=_what(here, grant, scope),
            part=secret or (folder[1] if folder else ""),
        )
    for grant in here.resources(ADMINISTRATOR):
        identity = next(here.referred(grant.stack, grant.get("object_id")), None)
        yield Grant(
            who=named(identity) if identity else "postgres.administrators",
            role="Entra administrator",
            on=_what(here, grant, grant.get("server_name")),
        )


def _who(here: EnvironmentStacks, grant: Resource, principal: Any) -> str:
    """Name whoever gets a role; an object id of the environment file by what it is given for."""
    identity = next(here.referred(grant.stack, principal), None)
    if identity:
        return named(identity)
    name = HASH.sub("", grant.name)
    if "deployer" in name:
        return "deployer"
    pipelines = {
        "pushes_": "registry.push_object_ids",
        "pulls_": "registry.pull_object_ids",
    }
    return next((who for start, who in pipelines.items() if name.startswith(start)), name)


def _what(here: EnvironmentStacks, grant: Resource, scope: Any) -> str:
    resource = next(here.referred(grant.stack, scope), None)
    if resource:
        return named(resource)
    # of another team: an id of the environment file, perhaps by way of another stack's output
    whole, _, _ = str(scope).partition("/secrets/")
    return next(here.literals(grant.stack, whole), whole)


def federations(here: EnvironmentStacks) -> Iterator[Federation]:
    """Yield the service accounts of the cluster that become an identity."""
    for credential in here.resources("azurerm_federated_identity_credential"):
        subject = str(credential.get("subject"))
        identity = credential.get("user_assigned_identity_id") or credential.get("parent_id")
        if subject.startswith("system:serviceaccount:"):
            _, _, namespace, account = subject.split(":")
            who = next(here.referred(credential.stack, identity), None)
            if who:
                yield Federation(account=f"{namespace}/{account}", who=named(who))


def secrets(here: EnvironmentStacks) -> Iterator[Secret]:
    """Yield the secrets that the stacks make."""
    for secret in here.resources("azurerm_key_vault_secret"):
        vault = _what(here, secret, secret.get("key_vault_id"))
        yield Secret(name=str(secret.get("name")), vault=vault)


def storage_keys(here: EnvironmentStacks) -> Iterator[StorageKey]:
    """Yield the accounts whose keys are switched on."""
    led_to = {
        resource.address
        for endpoint in here.resources("azurerm_private_endpoint")
        for resource in here.referred(
            endpoint.stack,
            endpoint.get("private_service_connection.private_connection_resource_id"),
        )
    }
    for account in here.resources("azurerm_storage_account"):
        if account.get("shared_access_key_enabled") is not False:
            public = account.get("public_network_access_enabled") is not False
            yield StorageKey(account=named(account), reachable=public or account.address in led_to)


def local_accounts(here: EnvironmentStacks) -> bool:
    """Return whether a cluster has an administrator of its own."""
    clusters = here.resources("azurerm_kubernetes_cluster")
    return any(cluster.get("local_account_disabled") is not True for cluster in clusters)
