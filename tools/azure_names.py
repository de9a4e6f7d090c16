"""Print what Azure calls a part of an environment, for pipelines that speak to it.

Reads what was synthesized: names are known before anything is deployed, so no right is needed.
Exit status: 0 printed, 2 there is no such environment or part, or cdktf.out is not up to date.
"""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from conventions import company
from conventions.faults import FaultError
from conventions.stack_names import StackName
from synthesis.reader import Synthesis
from tools.exit_status import Exit
from tools.options import Named, Out


class Part(StrEnum):
    """What has a name that people and pipelines must know."""

    CLUSTER = "cluster"
    CLUSTER_GROUP = "cluster-group"
    DATA_GROUP = "data-group"
    DATA_LAKE = "data-lake"
    DATABASE_SERVER = "database-server"
    REGISTRY = "registry"


_WHERE: dict[Part, tuple[StackName, str, str]] = {
    Part.CLUSTER: ("platform", "azurerm_kubernetes_cluster", "aks"),
    Part.CLUSTER_GROUP: ("platform", "azurerm_resource_group", "resource_group"),
    Part.DATA_GROUP: ("data", "azurerm_resource_group", "resource_group"),
    Part.DATABASE_SERVER: ("data", "azurerm_postgresql_flexible_server", "postgres"),
    Part.DATA_LAKE: ("data", "azurerm_storage_account", "data_lake"),
    Part.REGISTRY: ("platform", "azurerm_container_registry", "registry"),
}


def azure_name(synthesis: Synthesis, environment: str, part: Part) -> str:
    """Return the Azure name of a part of an environment.

    Raises:
        SynthesisError: there is no such environment.
    """
    stack_name, type_, role = _WHERE[part]
    *_, stack = synthesis.select(environment, stack_name).stacks
    if made := stack.resources(type_).get(role):
        return str(made["name"])
    # the registry of another team
    login_server: str = stack.document["output"]["registry_login_server"]["value"]
    return login_server.partition(".")[0]


def main(
    part: Annotated[Part, typer.Argument(help="The part.")],
    environment: Named,
    out: Out = None,
) -> None:
    """Print the Azure name of a part of an environment."""
    try:
        synthesis = Synthesis.load(out or company.output(), company.home())
        typer.echo(azure_name(synthesis, environment, part))
    except FaultError as error:
        typer.echo(error, err=True)
        sys.exit(Exit.BAD_INPUT)


if __name__ == "__main__":
    typer.run(main)
