"""The seed: what stands before the first environment, once for a company."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cdktf import TerraformOutput
from cdktf_cdktf_provider_azuread.data_azuread_service_principal import (
    DataAzureadServicePrincipal,
)
from cdktf_cdktf_provider_azuread.service_principal_delegated_permission_grant import (
    ServicePrincipalDelegatedPermissionGrant,
)
from cdktf_cdktf_provider_azurerm.log_analytics_workspace import LogAnalyticsWorkspace
from constructs import Construct

from constructs_lib.action_group import create_action_group
from constructs_lib.agent_pool import DELEGATED_TO, AgentPools
from constructs_lib.agents_network import AgentsNetwork
from constructs_lib.flow_log import FlowLog
from constructs_lib.grant import grant
from constructs_lib.jump_host import JumpHost
from constructs_lib.observability import Diagnosed, Workspace, send_diagnostics
from constructs_lib.pipeline_identity import PipelineIdentity
from constructs_lib.pipeline_rights import (
    JoiningRoles,
    let_deploy,
    let_plan,
    let_review,
    permit_in_entra,
)
from constructs_lib.place import Place
from constructs_lib.private_dns import LinkedZone
from constructs_lib.protection import lock_against_deletion
from constructs_lib.state_account import StateAccount
from conventions.company import PRODUCT
from conventions.pipeline_identities import (
    GITHUB,
    KINDS,
    POOLS,
    SHARED,
    Kind,
    connection_of,
    pool_of,
    shared_connection,
)
from conventions.stack_names import SEED
from environments.dns import ENDPOINT_ZONES
from environments.facts import REGIONS
from environments.seed import Seed
from stacks.base import AzureStack

# Those of its own subscription; each environment registers its own
RESOURCE_PROVIDERS = [
    "Microsoft.Authorization",
    "Microsoft.Compute",
    "Microsoft.DevCenter",
    "Microsoft.DevOpsInfrastructure",
    "Microsoft.Insights",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
]
GRAPH = "00000003-0000-0000-c000-000000000000"  # Microsoft Graph, in every tenant
CONSENTED = ["openid", "profile", "email"]
KEPT_DAYS = 90  # logs
TOOLS = PRODUCT / "pipelines" / "agent-tools.sh"


@dataclass(frozen=True, kw_only=True)
class _Shared:
    """What the identities of each environment get rights on."""

    place: Place
    container_ids: Mapping[str, str]
    joining: JoiningRoles
    network_id: str
    zone_ids: Mapping[str, str]
    graph_object_id: str


class SeedStack(AzureStack):
    """States, identities of the pipelines, their agents and network, and what is shared."""

    def __init__(self, scope: Construct, seed: Seed) -> None:
        super().__init__(
            scope,
            seed,
            SEED,
            state={
                "resource_group_name": seed.state.resource_group_name,
                "storage_account_name": seed.state.storage_account_name,
                "container_name": seed.state.container_name,
                "key": f"{seed.workload}/{SEED}.tfstate",
                "subscription_id": seed.subscription_id,
                "tenant_id": seed.tenant_id,
                "use_azuread_auth": True,
            },
            register=RESOURCE_PROVIDERS,
        )
        self.seed = seed
        self.use_entra()
        states = self.place_in("states_group", seed.state.resource_group_name)
        agents = self.resource_group("agents", "agents_group")
        network = self._network(agents)
        account = self._states(states)
        shared = _Shared(
            place=states,
            container_ids=account.container_ids,
            joining=JoiningRoles(
                self,
                "joining",
                resource_group_id=agents.resource_group_id,
                owner=f"{seed.workload}-{SEED}",
            ),
            network_id=network.id,
            zone_ids=self._zones(agents, network.id),
            graph_object_id=DataAzureadServicePrincipal(
                self, "microsoft_graph", client_id=GRAPH
            ).object_id,
        )
        for name in seed.environments:
            self._environment(name, shared)
        for kind in SHARED:
            identity = self._identity(f"{kind}_identity", states, kind, shared_connection(kind))
            self._tell(f"{kind}_client_id", identity.client_id)
            self._tell(f"{kind}_object_id", identity.principal_id)
        if seed.azure_devops:
            AgentPools(
                self,
                "agents",
                place=agents,
                organization=seed.azure_devops.organization,
                project=seed.azure_devops.project,
                vm_size=seed.agents.vm_size,
                maximum=seed.agents.maximum,
                image_id=seed.agents.image_id,
                network_id=network.id,
                subnet_ids={pool_of(pool): network.subnet_ids[pool] for pool in POOLS},
            )
        self._jump_host(agents, network)
        self._watch(agents, network, account)
        if seed.on_call:
            group = create_action_group(
                self,
                "on_call",
                place=agents,
                role="on-call",
                emails=seed.on_call.emails,
                sms=seed.on_call.sms,
            )
            self._tell("on_call_action_group_id", group.id)

    def _network(self, place: Place) -> AgentsNetwork:
        seed = self.seed
        return AgentsNetwork(
            self,
            "network",
            place=place,
            address_space=seed.network.address_space,
            subnets=dict(zip(POOLS, seed.network.parts, strict=False)),
            endpoints=[one.private_endpoints for one in seed.environments.values()],
            reach_everything=["deploy"],
            delegated_to=DELEGATED_TO if seed.azure_devops else None,
            zone_redundant=REGIONS[seed.location].zones,
        )

    def _states(self, place: Place) -> StateAccount:
        """Make the account of the states; whoever runs the seed reads and writes its own."""
        seed = self.seed
        account = StateAccount(
            self,
            "states",
            place=place,
            name=seed.state.storage_account_name,
            replication=seed.replication,
            containers={
                SEED: seed.state.container_name,
                **{name: one.container_name for name, one in seed.environments.items()},
            },
        )
        for position, group in enumerate(seed.administrators):
            grant(
                self,
                f"administrator_{position}_keeps_the_seed",
                role="Storage Blob Data Contributor",
                on=account.container_ids[SEED],
                to=group,
                principal_type="Group",
            )
        return account

    def _zones(self, place: Place, network_id: str) -> Mapping[str, str]:
        """Make the zones that environments share: Azure links a network with one of a name."""
        return {
            role: LinkedZone(
                self,
                f"{role}_dns",
                place=place,
                zone_name=zone_name,
                network_ids={"agents": network_id},
                after=[],
            ).zone.id
            for role, zone_name in ENDPOINT_ZONES.items()
        }

    def _environment(self, name: str, shared: _Shared) -> None:
        """Make the identities of an environment's pipelines, and give them their rights."""
        own = self.seed.environments[name]
        made = {kind: self._of_environment(kind, name, shared) for kind in KINDS}
        deployer, planner, reviewer = (made[kind].principal_id for kind in KINDS)
        subscription, states = own.subscription_id, shared.container_ids[name]
        let_deploy(made["deploy"], deployer, subscription_id=subscription, states=states)
        let_plan(made["plan"], planner, subscription_id=subscription, states=states)
        let_review(made["review"], reviewer, name, subscription_id=subscription, states=states)
        shared.joining.give(
            made["deploy"],
            principal_id=deployer,
            network_id=shared.network_id,
            zone_ids=shared.zone_ids,
        )
        if own.own_application:
            makes = ("Application.ReadWrite.OwnedBy", "AppRoleAssignment.ReadWrite.All")
            permit_in_entra(made["deploy"], deployer, makes, on=shared.graph_object_id)
            permit_in_entra(
                made["plan"], planner, ("Application.Read.All",), on=shared.graph_object_id
            )
        if own.consent:
            self._consent(name, shared.graph_object_id)
        self._tell(f"{name}_deployer_object_id", deployer)

    def _of_environment(self, kind: Kind, name: str, shared: _Shared) -> PipelineIdentity:
        identity = self._identity(
            f"{kind}_{name}_identity", shared.place, f"{kind}-{name}", connection_of(kind, name)
        )
        self._tell(f"{name}_{kind}_client_id", identity.client_id)
        return identity

    def _identity(
        self, construct_id: str, place: Place, role: str, connection: str
    ) -> PipelineIdentity:
        trusts = dict(self._trusts(connection))
        return PipelineIdentity(self, construct_id, place=place, role=role, trusts=trusts)

    def _trusts(self, connection: str) -> Iterator[tuple[str, tuple[str, str]]]:
        """Tell who becomes an identity: GitHub's subject is known, Azure DevOps' after a form."""
        if found := self.seed.connections.get(connection):
            yield "azure_devops", (found.issuer, found.subject)
        if self.seed.github:
            repository = self.seed.github.repository
            yield "github", (GITHUB, f"repo:{repository}:environment:{connection}")

    def _consent(self, name: str, graph_object_id: str) -> None:
        """Consent for all users: Entra asks none for an application that wants an assignment."""
        application = DataAzureadServicePrincipal(
            self, f"{name}_application", display_name=f"Airflow ({self.seed.workload}-{name})"
        )
        ServicePrincipalDelegatedPermissionGrant(
            self,
            f"{name}_consent",
            service_principal_object_id=application.object_id,
            resource_service_principal_object_id=graph_object_id,
            claim_values=CONSENTED,
        )

    def _jump_host(self, place: Place, network: AgentsNetwork) -> None:
        table, plan = self.seed.jump_host, self.seed.network
        if table is None:
            return
        subnet_id, bastion_subnet_id = network.add_jump_host(plan.jump_host, plan.bastion)
        JumpHost(
            self,
            "jump_host",
            place=place,
            vm_size=table.vm_size,
            ssh_public_key=table.ssh_public_key,
            subnet_id=subnet_id,
            bastion_subnet_id=bastion_subnet_id,
            administrators=self.seed.administrators,
            script=TOOLS.read_text(encoding="utf-8"),
        )

    def _watch(self, place: Place, network: AgentsNetwork, account: StateAccount) -> None:
        """Keep who read a state and whom agents talked to, and all of it from being deleted."""
        made = LogAnalyticsWorkspace(
            self,
            "log_analytics",
            name=self.names.of("log"),
            sku="PerGB2018",
            retention_in_days=KEPT_DAYS,
            local_authentication_enabled=False,
            **place.at,
        )
        flows = FlowLog(
            self,
            "flow_log",
            place=place,
            network_id=network.id,
            retention_days=KEPT_DAYS,
            replication=self.seed.replication,
            key=None,
            logs=Workspace(made.id, made.workspace_id, place.location),
        )
        blobs = {"states": account.id, "flow_logs": flows.storage_account_id}
        if self.seed.protect_data:
            lock_against_deletion(self, blobs)
        for diagnosed in (
            *(
                Diagnosed(
                    role=role,
                    resource_id=f"{id_}/blobServices/default",
                    metrics=["Transaction"],
                )
                for role, id_ in blobs.items()
            ),
            *(
                Diagnosed(role=f"{role}_security_group", resource_id=id_, metrics=())
                for role, id_ in network.security_group_ids.items()
            ),
            Diagnosed(role="network", resource_id=network.id),
            Diagnosed(role="log_analytics", resource_id=made.id),
        ):
            send_diagnostics(self, diagnosed, workspace_id=made.id)

    def _tell(self, name: str, value: str) -> None:
        """Tell what a person copies into a form or an environment file."""
        TerraformOutput(self, name, value=value, static_id=True)
