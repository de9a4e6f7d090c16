"""What every stack has: its own state, the Azure provider, names and tags."""

from collections.abc import Sequence
from typing import Protocol

from cdktf import AzurermBackend, TerraformStack
from cdktf_cdktf_provider_azuread.provider import AzureadProvider
from cdktf_cdktf_provider_azurerm.provider import (
    AzurermProvider,
    AzurermProviderFeatures,
    AzurermProviderFeaturesKeyVault,
    AzurermProviderFeaturesResourceGroup,
    AzurermProviderFeaturesStorage,
)
from cdktf_cdktf_provider_azurerm.resource_group import ResourceGroup
from constructs import Construct

from constructs_lib.beyond_bindings import require
from constructs_lib.naming import Names
from constructs_lib.place import Place
from constructs_lib.tagging import tag_azure_resources
from conventions.stack_names import StackName
from conventions.tag_keys import (
    COST_CENTER,
    DATA_CLASSIFICATION,
    ENVIRONMENT,
    MANAGED_BY,
    OWNER,
    WORKLOAD,
)
from conventions.terraform_providers import AZUREAD, AZURERM
from environments.model import Environment
from environments.running import Tags
from stacks.contracts import StateLocation, state_of

# Registered by name: registering all that the provider knows needs rights on the subscription
# that a deployment should not have.
RESOURCE_PROVIDERS = [
    "Microsoft.AlertsManagement",
    "Microsoft.Authorization",
    "Microsoft.Compute",
    "Microsoft.Consumption",
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService",
    "Microsoft.Dashboard",
    "Microsoft.DataProtection",
    "Microsoft.DBforPostgreSQL",
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.KubernetesConfiguration",
    "Microsoft.ManagedIdentity",
    "Microsoft.Monitor",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.OperationsManagement",
    "Microsoft.PolicyInsights",
    "Microsoft.Security",
    "Microsoft.Storage",
]


class Owner(Protocol):
    """Whose stack it is: an environment, or the seed."""

    @property
    def workload(self) -> str:
        """The short name of the workload."""

    @property
    def name(self) -> str:
        """The short name of the environment, or that of the seed."""

    @property
    def location(self) -> str:
        """The Azure region."""

    @property
    def subscription_id(self) -> str:
        """The subscription that holds it."""

    @property
    def tenant_id(self) -> str:
        """The Entra tenant."""

    @property
    def protect_data(self) -> bool:
        """Whether what holds data is guarded against deletion."""

    @property
    def tags(self) -> Tags:
        """Tags of every resource."""


class AzureStack(TerraformStack):
    """A Terraform stack with a state of its own, opened by Entra ID, never by a key."""

    def __init__(
        self,
        scope: Construct,
        owner: Owner,
        stack_id: str,
        *,
        state: StateLocation,
        register: Sequence[str] = RESOURCE_PROVIDERS,
    ) -> None:
        super().__init__(scope, stack_id)
        self._owner = owner
        self._elsewhere: dict[str, AzurermProvider] = {}
        self.names = Names(owner)
        AzurermBackend(self, **state)
        self._azurerm("azurerm", owner.subscription_id, register)
        require(self, AZURERM)

    @property
    def tags(self) -> dict[str, str]:
        """Azure tags of every resource."""
        return {
            ENVIRONMENT: self._owner.name,
            WORKLOAD: self._owner.workload,
            MANAGED_BY: "terraform",
            OWNER: self._owner.tags.owner,
            COST_CENTER: self._owner.tags.cost_center,
            DATA_CLASSIFICATION: self._owner.tags.data_classification,
            **self._owner.tags.more,
        }

    def use_entra(self) -> None:
        """Configure the azuread provider, for what is made in Entra ID."""
        AzureadProvider(self, "azuread", tenant_id=self._owner.tenant_id)
        require(self, AZUREAD)

    def beside(self, resource_id: str) -> AzurermProvider | None:
        """Return what makes resources in the subscription of another; None: in the stack's own."""
        subscription = resource_id.split("/")[2].lower()
        if subscription == self._owner.subscription_id:
            return None
        if subscription not in self._elsewhere:
            alias = f"subscription_{subscription[:8]}"
            self._elsewhere[subscription] = self._azurerm(alias, subscription, [], alias=alias)
        return self._elsewhere[subscription]

    def prepare_stack(self) -> None:
        """Tag what the stack holds; cdktf calls this before it writes the stack."""
        tag_azure_resources(self, self.tags, ignored=self._owner.tags.ignored)
        super().prepare_stack()

    def resource_group(self, role: str, construct_id: str = "resource_group") -> Place:
        """Create a resource group that holds something of this stack."""
        return self.place_in(construct_id, self.names.of("rg", role))

    def place_in(self, construct_id: str, name: str) -> Place:
        """Create a resource group of a given name."""
        group = ResourceGroup(self, construct_id, name=name, location=self._owner.location)
        return Place(
            names=self.names,
            resource_group_id=group.id,
            resource_group_name=group.name,
            location=self._owner.location,
            protect=self._owner.protect_data,
        )

    def _azurerm(
        self,
        construct_id: str,
        subscription_id: str,
        register: Sequence[str],
        *,
        alias: str | None = None,
    ) -> AzurermProvider:
        return AzurermProvider(
            self,
            construct_id,
            alias=alias,
            subscription_id=subscription_id,
            tenant_id=self._owner.tenant_id,
            storage_use_azuread=True,
            resource_provider_registrations="none",
            resource_providers_to_register=register or None,
            features=[
                AzurermProviderFeatures(
                    key_vault=[
                        AzurermProviderFeaturesKeyVault(
                            purge_soft_delete_on_destroy=False, recover_soft_deleted_key_vaults=True
                        )
                    ],
                    resource_group=[
                        AzurermProviderFeaturesResourceGroup(
                            prevent_deletion_if_contains_resources=True
                        )
                    ],
                    # else each plan asks the accounts' queue and web services, which have no
                    # private endpoint and answer nobody else
                    storage=[AzurermProviderFeaturesStorage(data_plane_available=False)],
                )
            ],
        )


class EnvironmentStack(AzureStack):
    """A stack of one environment, named `<stack>-<environment>`, in a resource group of its own."""

    def __init__(self, scope: Construct, env: Environment, name: StackName) -> None:
        super().__init__(scope, env, f"{name}-{env.name}", state=state_of(env, name))
        self.env = env
        self.stack_name = name

    def own_group(self) -> Place:
        """Create the resource group that holds everything of this stack."""
        return self.resource_group(self.stack_name)
