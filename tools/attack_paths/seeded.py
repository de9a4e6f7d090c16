"""Reads what the seed gives the identities of an environment, in place of what a person gives."""

from collections.abc import Iterator
from typing import Any

from conventions.pipeline_identities import KINDS
from synthesis.resources import EnvironmentStacks, Resource
from tools.attack_paths.facts import Grant

_WHO = dict(zip(KINDS, ("deployer", "planner", "reviewer"), strict=True))
# learn.microsoft.com: "Microsoft Graph permissions reference"
_PERMISSIONS = {
    "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30": "Application.Read.All",
    "18a4783c-866b-4cc7-a460-3d5e5662c884": "Application.ReadWrite.OwnedBy",
    "06b708a9-e830-4db3-a914-8e69da51d44f": "AppRoleAssignment.ReadWrite.All",
}


def grants(seed: EnvironmentStacks, environment: str) -> Iterator[Grant]:
    """Yield the roles of deployer, planner and reviewer, built-in ones and those of the seed."""
    for given in seed.resources("azurerm_role_assignment"):
        if who := _who(seed, given, given.get("principal_id"), environment):
            yield Grant(
                who=who,
                role=_role(seed, given),
                on=_on(seed, given, given.get("scope")),
            )
    for permitted in seed.resources("azuread_app_role_assignment"):
        if who := _who(seed, permitted, permitted.get("principal_object_id"), environment):
            own = str(permitted.get("app_role_id"))
            yield Grant(who=who, role=_PERMISSIONS.get(own, own), on="Entra ID")


def serves(seed: EnvironmentStacks, environment: str) -> bool:
    """Say whether the seed makes the identities of an environment."""
    return next(grants(seed, environment), None) is not None


def _who(seed: EnvironmentStacks, given: Resource, principal: Any, environment: str) -> str | None:
    identity = next(seed.referred(given.stack, principal), None)
    names = {f"{kind}_{environment}_identity": who for kind, who in _WHO.items()}
    return names.get(identity.name) if identity else None


def _role(seed: EnvironmentStacks, given: Resource) -> str:
    built_in = given.get("role_definition_name")
    if built_in:
        return str(built_in)
    own = next(seed.referred(given.stack, given.get("role_definition_id")))
    return str(own.get("name"))


def _on(seed: EnvironmentStacks, given: Resource, scope: Any) -> str:
    resource = next(seed.referred(given.stack, scope), None)
    if resource is None:
        return "subscription"
    kind = resource.type.split("_", 1)[1]
    return "states" if kind == "storage_container" else f"{kind}.{resource.name}"
