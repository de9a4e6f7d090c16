"""The seed: everything that `seed.toml` says, typed and checked; a company has one."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from conventions.pipeline_identities import KINDS, SHARED, connection_of, shared_connection
from conventions.stack_names import SEED
from environments.dns import ENDPOINT_ZONES
from environments.facts import REGIONS
from environments.model import EnvironmentName
from environments.running import State, Tags
from environments.seed_tables import (
    Agents,
    AzureDevOps,
    GitHub,
    JumpHost,
    OnCall,
    SeededEnvironment,
    SeedNetwork,
    Subject,
)
from environments.types import EACH_ONCE, RegionName, Section, Text, Uuid, WorkloadName, refuse

ConnectionName = Annotated[
    str, Text(r"airflow-[a-z0-9-]+", "airflow-, and whom it is for", "airflow-dev")
]


class Seed(Section):
    """What stands before the first environment: states, identities, agents, their network."""

    page: ClassVar[str] = "docs/reference/seed.md"
    workload: Annotated[
        WorkloadName,
        Field(description="short name of the workload, as in the environment files"),
    ] = "airflow"
    location: Annotated[RegionName, Field(description="Azure region, as westeurope")]
    subscription_id: Annotated[
        Uuid,
        Field(
            description="subscription of the seed; better one of its own: a deployer is "
            "Contributor on all of its environment's"
        ),
    ]
    tenant_id: Annotated[Uuid, Field(description="Entra tenant of users and identities")]
    administrators: Annotated[
        tuple[Uuid, ...],
        Field(
            strict=False,
            min_length=1,
            description="object ids of Entra groups that run the seed: they read and write its "
            "state, and sign in to the jump host",
        ),
        EACH_ONCE,
    ]
    protect_data: Annotated[
        bool, Field(description="delete lock and prevent_destroy on the account of the states")
    ] = True
    tags: Annotated[Tags, Field(description="tags of every resource")]
    state: Annotated[
        State, Field(description="the account of all states, and the container of the seed's own")
    ]
    network: Annotated[SeedNetwork, Field(description="addresses of the agents")]
    azure_devops: Annotated[
        AzureDevOps | None, Field(description="where pipelines run on Azure DevOps")
    ] = None
    github: Annotated[GitHub | None, Field(description="where workflows run on GitHub")] = None
    agents: Annotated[Agents, Field(description="machines that run jobs")] = Agents()
    jump_host: Annotated[
        JumpHost | None, Field(description="a machine to sign in to; none: no Bastion either")
    ] = None
    on_call: Annotated[OnCall | None, Field(description="an action group for alerts")] = None
    environments: Annotated[
        dict[EnvironmentName, SeededEnvironment],
        Field(min_length=1, description="environments, by the name that their files say"),
    ]
    connections: Annotated[
        dict[ConnectionName, Subject],
        Field(
            default_factory=dict,
            description="service connections of Azure DevOps, by name: known once the form of "
            "each has been opened",
        ),
    ]

    @property
    def name(self) -> str:
        """The part of its resources' names that is the environment's name elsewhere."""
        return SEED

    @property
    def replication(self) -> str:
        """Azure's name for the copies of the states: over zones and the paired region, if any."""
        region = REGIONS[self.location]
        if region.pair:
            return "GZRS" if region.zones else "GRS"
        return "ZRS" if region.zones else "LRS"

    @property
    def network_id(self) -> str:
        """Id of the agents' network, known before it is made."""
        return f"{self._group}/providers/Microsoft.Network/virtualNetworks/vnet-{self._stem}"

    @property
    def zone_ids(self) -> dict[str, str]:
        """Id of each private zone that all environments share, by its key in `[network.dns]`."""
        zones = f"{self._group}/providers/Microsoft.Network/privateDnsZones"
        return {role: f"{zones}/{name}" for role, name in ENDPOINT_ZONES.items()}

    @property
    def expected_connections(self) -> tuple[str, ...]:
        """Names of the service connections that pipelines on Azure DevOps use."""
        return _connections(self.environments, self.azure_devops)

    @property
    def missing_connections(self) -> tuple[str, ...]:
        """Those whose subject is not known yet: no pipeline can sign in by them."""
        return tuple(name for name in self.expected_connections if name not in self.connections)

    @property
    def _stem(self) -> str:
        return f"{self.workload}-{SEED}"

    @property
    def _group(self) -> str:
        return f"/subscriptions/{self.subscription_id}/resourceGroups/rg-{self._stem}-agents"

    @field_validator("environments")
    @classmethod
    def _apart(
        cls, environments: dict[str, SeededEnvironment], info: ValidationInfo
    ) -> dict[str, SeededEnvironment]:
        if SEED in environments:
            refuse(
                f'an environment "{SEED}", whose resources would have the names of the seed\'s',
                allowed=f'any other name than "{SEED}"',
                fix="rename it",
            )
        state: State | None = info.data.get("state")
        containers = [one.container_name for one in environments.values()]
        if state:
            containers.append(state.container_name)
        twice = sorted({name for name in containers if containers.count(name) > 1})
        if twice:
            refuse(
                f"the container {', '.join(twice)} is named twice: who deploys one could write "
                "the state of the other",
                allowed="a container for each environment, and one for the seed",
                fix="rename one",
            )
        return environments

    @field_validator("github")
    @classmethod
    def _somebody_deploys(cls, github: GitHub | None, info: ValidationInfo) -> GitHub | None:
        if github is None and info.data.get("azure_devops", ...) is None:
            refuse(
                "neither [azure_devops] nor [github]: nobody could sign in to deploy",
                allowed="one of the tables, or both",
                fix="add the one where your pipelines run",
            )
        return github

    @field_validator("connections")
    @classmethod
    def _in_use(cls, given: dict[str, Subject], info: ValidationInfo) -> dict[str, Subject]:
        expected = _connections(info.data.get("environments", {}), info.data.get("azure_devops"))
        for name in given:
            if name not in expected and "environments" in info.data:
                refuse(
                    f"no pipeline signs in by {name}",
                    allowed=", ".join(expected) or "none without [azure_devops]",
                    fix="correct its name, add its environment, or delete it",
                )
        subjects = [one.subject for one in given.values()]
        twice = sorted({one for one in subjects if subjects.count(one) > 1})
        if twice:
            refuse(
                f"the subject {twice[0]} stands at two connections, which would sign in as both "
                "identities",
                allowed="the subject of its own form for each",
                fix="copy it from the form again",
            )
        return given


def _connections(environments: Iterable[str], azure_devops: AzureDevOps | None) -> tuple[str, ...]:
    own = [connection_of(kind, name) for name in environments for kind in KINDS]
    return (*own, *map(shared_connection, SHARED)) if azure_devops else ()
