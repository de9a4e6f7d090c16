"""What every stack of an environment has: its own state, the Azure provider, names and tags."""

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
from stacks.contracts import state_of

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


class AzureStack(TerraformStack):
    """A Terraform stack of one environment, named `<stack>-<environment>`."""

    def __init__(self, scope: Construct, env: Environment, name: StackName) -> None:
        super().__init__(scope, f"{name}-{env.name}")
        self.env = env
        self.stack_name = name
        self.names = Names(env)
        AzurermBackend(self, **state_of(env, name))
        AzurermProvider(
            self,
            "azurerm",
            subscription_id=env.subscription_id,
            tenant_id=env.tenant_id,
            storage_use_azuread=True,
            resource_provider_registrations="none",
            resource_providers_to_register=RESOURCE_PROVIDERS,
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
        require(self, AZURERM)

    @property
    def tags(self) -> dict[str, str]:
        """Azure tags of every resource."""
        return {
            ENVIRONMENT: self.env.name,
            WORKLOAD: self.env.workload,
            MANAGED_BY: "terraform",
            OWNER: self.env.tags.owner,
            COST_CENTER: self.env.tags.cost_center,
            DATA_CLASSIFICATION: self.env.tags.data_classification,
            **self.env.tags.more,
        }

    def use_entra(self) -> None:
        """Configure the azuread provider, for what is made in Entra ID."""
        AzureadProvider(self, "azuread", tenant_id=self.env.tenant_id)
        require(self, AZUREAD)

    def prepare_stack(self) -> None:
        """Tag what the stack holds; cdktf calls this before it writes the stack."""
        tag_azure_resources(self, self.tags, ignored=self.env.tags.ignored)
        super().prepare_stack()

    def resource_group(self) -> Place:
        """Create the resource group that holds everything of this stack."""
        group = ResourceGroup(
            self,
            "resource_group",
            name=self.names.of("rg", self.stack_name),
            location=self.env.location,
        )
        return Place(
            names=self.names,
            resource_group_id=group.id,
            resource_group_name=group.name,
            location=self.env.location,
            protect=self.env.protect_data,
        )
