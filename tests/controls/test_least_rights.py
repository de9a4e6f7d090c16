"""Who may do what: docs/reference/identities.md against every grant in the synthesized stacks."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from environments.load import load
from environments.model import Environment
from synthesis.resources import EnvironmentStacks, Resource
from tests.environment_files import FILES
from tools.attack_paths.azure import named

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "identities.md"


def environments() -> list[Environment]:
    return load(FILES)


def of_environment(environment: str, stacks: dict[str, Any]) -> EnvironmentStacks:
    own = {
        name.removesuffix(f"-{environment}"): content
        for name, content in stacks.items()
        if name.endswith(f"-{environment}")
    }
    return EnvironmentStacks(environment, own)


def granted(env: Environment, stacks: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Return who has which role on what, in the words of the page."""
    here = of_environment(env.name, stacks)
    return {*_roles(here, env), *_administrators(here), *_sign_in(here)}


def _roles(here: EnvironmentStacks, env: Environment) -> Iterator[tuple[str, str, str]]:
    for grant in here.resources("azurerm_role_assignment"):
        principal, scope = grant.get("principal_id"), grant.get("scope")
        yield (
            _who(here, grant, principal, env),
            str(grant.get("role_definition_name")),
            _what(here, grant, scope),
        )


def _administrators(here: EnvironmentStacks) -> Iterator[tuple[str, str, str]]:
    kind = "azurerm_postgresql_flexible_server_active_directory_administrator"
    for grant in here.resources(kind):
        identity = next(here.referred(grant.stack, grant.get("object_id")), None)
        who = named(identity) if identity else "postgres.administrators"
        yield who, "Entra administrator", _what(here, grant, grant.get("server_name"))


def _sign_in(here: EnvironmentStacks) -> Iterator[tuple[str, str, str]]:
    for grant in here.resources("azuread_app_role_assignment"):
        role = re.sub(r"^single_sign_on_|_\d+_[0-9A-F]{8}$", "", grant.name)
        yield (
            f"single_sign_on.{role}_groups",
            f"Airflow.{role.capitalize()}",
            _what(here, grant, grant.get("resource_object_id")),
        )


def _who(here: EnvironmentStacks, grant: Resource, principal: Any, env: Environment) -> str:
    if principal == env.deployer_object_id:
        return "deployer"
    if principal in env.kubernetes.admin_group_object_ids:
        return "kubernetes.admin_group_object_ids"
    if principal in env.airflow.secret_owners:
        return "airflow.secret_owners"
    return named(next(here.referred(grant.stack, principal)))


def _what(here: EnvironmentStacks, grant: Resource, scope: Any) -> str:
    resource = next(here.referred(grant.stack, scope), None)
    if resource and resource.type.endswith("_association"):  # read through it, to wait for it
        resource = next(here.referred(resource.stack, resource.get("subnet_id")))
    if resource:
        _, slash, secret = str(scope).partition("/secrets/")
        return named(resource) + (slash and f"{slash}{secret}")
    return "ingress.dns_zone_id" if "/dnsZones/" in str(scope) else str(scope)


def documented() -> dict[str, set[tuple[str, str, str]]]:
    """Return the rows of the page, by environment."""
    rows: dict[str, set[tuple[str, str, str]]] = {"dev": set(), "prod": set()}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            for environment in cells[3].split(", "):
                rows[environment].add((cells[0], cells[1], cells[2]))
    return rows


@pytest.mark.parametrize("env", environments(), ids=lambda env: env.name)
def test_the_page_lists_every_grant_and_no_other(env: Environment, stacks: dict[str, Any]) -> None:
    assert documented()[env.name] == granted(env, stacks)
