"""Whom pipelines sign in as, by which connection, and on which agents: the seed makes them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Kind = Literal["deploy", "plan", "review"]
Shared = Literal["build", "sign", "images"]
Pool = Literal["untrusted", "plan", "build", "deploy"]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""The identities of one environment."""
SHARED: tuple[Shared, ...] = get_args(Shared)
"""Those that serve all environments."""
POOLS: tuple[Pool, ...] = get_args(Pool)
"""A machine that ran what nobody reviewed must never deploy afterwards: they are kept apart."""
AUDIENCE = "api://AzureADTokenExchange"
GITHUB = "https://token.actions.githubusercontent.com"
_CONNECTIONS: Mapping[Kind, str] = MappingProxyType(
    {
        "deploy": "airflow-{environment}",
        "plan": "airflow-{environment}-plan",
        "review": "airflow-{environment}-review",
    }
)


def connection_of(kind: Kind, environment: str) -> str:
    """Return what Azure DevOps calls the service connection, and GitHub the environment."""
    return _CONNECTIONS[kind].format(environment=environment)


def shared_connection(kind: Shared) -> str:
    """Return the same for an identity that serves all environments."""
    return f"airflow-{kind}"


def pool_of(kind: Pool) -> str:
    """Return the name of a pool of agents, and on GitHub their label."""
    return f"airflow-{kind}"
