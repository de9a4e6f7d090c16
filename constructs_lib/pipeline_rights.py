"""What the identities of an environment's pipelines may do: deploy, plan, or look at states."""

from collections.abc import Mapping

from cdktf_cdktf_provider_azuread.app_role_assignment import AppRoleAssignment
from cdktf_cdktf_provider_azurerm.role_definition import RoleDefinition, RoleDefinitionPermissions
from constructs import Construct

from constructs_lib.grant import grant
from conventions.deployer_roles import DEPLOYER_GIVES

_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
_NETWORK = "Microsoft.Network"
# Actions that no built-in role has without more: Network Contributor could change the subnets of
# the agents, Private DNS Zone Contributor the records of other environments
JOINS_NETWORK = (
    f"{_NETWORK}/virtualNetworks/read",
    f"{_NETWORK}/virtualNetworks/join/action",
    f"{_NETWORK}/virtualNetworks/peer/action",
    f"{_NETWORK}/virtualNetworks/virtualNetworkPeerings/read",
    f"{_NETWORK}/virtualNetworks/virtualNetworkPeerings/write",
    f"{_NETWORK}/virtualNetworks/virtualNetworkPeerings/delete",
)
USES_ZONES = (
    f"{_NETWORK}/privateDnsZones/read",
    f"{_NETWORK}/privateDnsZones/join/action",
    f"{_NETWORK}/privateDnsZones/A/read",
    f"{_NETWORK}/privateDnsZones/virtualNetworkLinks/read",
    f"{_NETWORK}/privateDnsZones/virtualNetworkLinks/write",
    f"{_NETWORK}/privateDnsZones/virtualNetworkLinks/delete",
    f"{_NETWORK}/privateDnsOperationStatuses/read",
)
# What azurerm reads whenever it starts
READS_PROVIDERS = (
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/providers/read",
)
# learn.microsoft.com: "Microsoft Graph permissions reference"
GRAPH_PERMISSIONS: Mapping[str, str] = {
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
}
DEPLOYS = ("Contributor", "Locks Contributor", "Resource Policy Contributor")
PLANS = ("Reader", "Key Vault Reader", "Azure Kubernetes Service Cluster User Role")


class SmallRole(Construct):
    """A role of the tenant's own, with a few actions on one scope and what lies below it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        on: str,
        actions: tuple[str, ...],
        why: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.id = RoleDefinition(
            self,
            "Default",
            name=name,
            scope=on,
            assignable_scopes=[on],
            permissions=[RoleDefinitionPermissions(actions=list(actions))],
            description=why,
        ).role_definition_resource_id


def let_deploy(scope: Construct, principal_id: str, *, subscription_id: str, states: str) -> None:
    """Let a deployer write an environment's resources, its states, and give the stacks' roles.

    Without the condition it could give itself any right, Owner too.
    """
    subscription = f"/subscriptions/{subscription_id}"
    for role in DEPLOYS:
        grant(scope, _id(role), role=role, on=subscription, to=principal_id)
    grant(
        scope,
        "gives_roles",
        role="Role Based Access Control Administrator",
        on=subscription,
        to=principal_id,
        condition=giving_condition(DEPLOYER_GIVES),
    )
    grant(scope, "states", role="Storage Blob Data Contributor", on=states, to=principal_id)


def let_plan(scope: Construct, principal_id: str, *, subscription_id: str, states: str) -> None:
    """Let a planner read everything but secrets, and write nothing."""
    for role in PLANS:
        grant(scope, _id(role), role=role, on=f"/subscriptions/{subscription_id}", to=principal_id)
    grant(scope, "states", role="Storage Blob Data Reader", on=states, to=principal_id)


def let_review(
    scope: Construct, principal_id: str, environment: str, *, subscription_id: str, states: str
) -> None:
    """Let who plans pull requests read the states, and what azurerm asks when it starts."""
    subscription = f"/subscriptions/{subscription_id}"
    own = SmallRole(
        scope,
        "reads_providers",
        name=f"Airflow review ({environment})",
        on=subscription,
        actions=READS_PROVIDERS,
        why="What azurerm reads whenever it starts",
    )
    grant(scope, "starts", role_id=own.id, on=subscription, to=principal_id)
    grant(scope, "states", role="Storage Blob Data Reader", on=states, to=principal_id)


class JoiningRoles(Construct):
    """What a deployer needs in the group that holds the agents' network and the shared zones."""

    def __init__(
        self, scope: Construct, construct_id: str, *, resource_group_id: str, owner: str
    ) -> None:
        super().__init__(scope, construct_id)
        self._network = SmallRole(
            self,
            "joins_network",
            name=f"Joins the network of agents ({owner})",
            on=resource_group_id,
            actions=JOINS_NETWORK,
            why="Peers an environment's network, and links its zones with that of the agents",
        ).id
        self._zones = SmallRole(
            self,
            "uses_zones",
            name=f"Uses shared private zones ({owner})",
            on=resource_group_id,
            actions=USES_ZONES,
            why="Links a zone, and lets Azure place the records of private endpoints",
        ).id

    def give(
        self, scope: Construct, *, principal_id: str, network_id: str, zone_ids: Mapping[str, str]
    ) -> None:
        """Give both to a deployer, on single resources."""
        grant(scope, "joins_agents", role_id=self._network, on=network_id, to=principal_id)
        for role, zone in zone_ids.items():
            grant(scope, f"uses_{role}_dns", role_id=self._zones, on=zone, to=principal_id)


def permit_in_entra(
    scope: Construct, principal_id: str, permissions: tuple[str, ...], *, on: str
) -> None:
    """Give an identity permissions of its own on Microsoft Graph, the principal `on`."""
    for name in permissions:
        AppRoleAssignment(
            scope,
            _id(name),
            app_role_id=GRAPH_PERMISSIONS[name],
            principal_object_id=principal_id,
            resource_object_id=on,
        )


def giving_condition(roles: Mapping[str, str]) -> str:
    """Return the condition of one who may give, and take away, these roles only.

    learn.microsoft.com: "Delegate Azure role assignment management using conditions".
    """
    ids = ", ".join(sorted(roles.values()))
    parts = (
        f"((!(ActionMatches{{'{_ASSIGNMENTS}/{action}'}})) OR (@{source}"
        f"[{_ASSIGNMENTS}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{ids}}}))"
        for action, source in (("write", "Request"), ("delete", "Resource"))
    )
    return " AND ".join(parts)


def _id(role: str) -> str:
    return role.lower().replace(" ", "_").replace(".", "_")
