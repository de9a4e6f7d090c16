"""What one stack tells another: typed, by remote state, ids and names only, never a secret."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Self, TypedDict

from cdktf import DataTerraformRemoteStateAzurerm, TerraformOutput
from constructs import Construct

from environments.model import Environment, StackName


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The outputs of a stack; each field *is* a Terraform output of the same name.

    The producer builds one and publishes it, a consumer reads the same type back: neither ever
    spells the name of an output.
    """

    stack: ClassVar[StackName]

    def publish(self, scope: Construct) -> None:
        """Write every field as an output of the stack `scope`."""
        for field in fields(self):
            TerraformOutput(scope, field.name, value=getattr(self, field.name), static_id=True)

    @classmethod
    def read(cls, scope: Construct, env: Environment) -> Self:
        """Return the outputs of `env`'s stack as references into its remote state.

        A reference is made when its field is first read: each one is a round trip to Node.
        """
        state = DataTerraformRemoteStateAzurerm(
            scope, f"{cls.stack}_state", **state_of(env, cls.stack)
        )
        contract = cls.__new__(cls)
        object.__setattr__(contract, "_state", state)
        return contract

    if not TYPE_CHECKING:  # mypy must go on refusing a misspelt field

        def __getattr__(self, name: str) -> str:
            """Return the reference to a field; Python asks here only for what is not set yet."""
            if name not in {field.name for field in fields(self)}:
                raise AttributeError(f"{type(self).__name__} has no output {name!r}")
            state: DataTerraformRemoteStateAzurerm = self.__dict__["_state"]
            reference = state.get_string(name)
            object.__setattr__(self, name, reference)
            return reference


class StateLocation(TypedDict):
    """Arguments of the azurerm backend, and of whoever reads a state from it."""

    resource_group_name: str
    storage_account_name: str
    container_name: str
    key: str
    subscription_id: str
    tenant_id: str
    use_azuread_auth: bool


def state_of(env: Environment, stack: StackName) -> StateLocation:
    """Return the azurerm backend of a stack: a key of its own, opened by Entra ID, never a key."""
    return {
        "resource_group_name": env.state.resource_group_name,
        "storage_account_name": env.state.storage_account_name,
        "container_name": env.state.container_name,
        "key": f"{env.workload}/{env.name}/{stack}.tfstate",
        "subscription_id": env.subscription_id,
        "tenant_id": env.tenant_id,
        "use_azuread_auth": True,
    }


@dataclass(frozen=True, kw_only=True)
class NetworkOutputs(Contract):
    """Subnets to place things in, and private DNS zones to register them in."""

    stack = "network"

    resource_group_name: str
    virtual_network_id: str
    nat_gateway_id: str  # empty where a firewall is the way out
    aks_nodes_subnet_id: str
    aks_api_server_subnet_id: str
    postgres_subnet_id: str
    private_endpoints_subnet_id: str
    postgres_dns_zone_id: str
    blob_dns_zone_id: str
    dfs_dns_zone_id: str
    key_vault_dns_zone_id: str
    registry_dns_zone_id: str
    aks_dns_zone_id: str
    aks_nodes_security_group_id: str
    aks_api_server_security_group_id: str
    postgres_security_group_id: str
    private_endpoints_security_group_id: str


@dataclass(frozen=True, kw_only=True)
class DataOutputs(Contract):
    """The data lake, the database server and the vault."""

    stack = "data"

    resource_group_name: str
    storage_account_id: str
    storage_account_name: str
    dags_container_id: str
    dag_versions_container_id: str
    logs_container_id: str
    data_container_id: str
    postgres_server_id: str
    postgres_server_name: str
    postgres_host: str
    airflow_database: str
    warehouse_database: str
    key_vault_id: str
    key_vault_name: str
    key_vault_uri: str
    disk_encryption_key_id: str
    disk_encryption_identity_id: str


@dataclass(frozen=True, kw_only=True)
class IdentityOutputs(Contract):
    """The Entra application of the sign-in, and the identities that workloads run as."""

    stack = "identity"

    resource_group_name: str
    sso_application_id: str  # the object in Entra, /applications/<object id>
    sso_client_id: str
    cluster_identity_id: str
    cluster_principal_id: str
    kubelet_identity_id: str
    kubelet_client_id: str
    kubelet_principal_id: str
    api_server_identity_id: str
    api_server_client_id: str
    api_server_identity_name: str
    scheduler_identity_id: str
    scheduler_client_id: str
    scheduler_identity_name: str
    dag_processor_identity_id: str
    dag_processor_client_id: str
    dag_processor_identity_name: str
    triggerer_identity_id: str
    triggerer_client_id: str
    triggerer_identity_name: str
    worker_identity_id: str
    worker_client_id: str
    worker_identity_name: str
    migrations_identity_id: str
    migrations_client_id: str
    migrations_identity_name: str
    certificate_identity_id: str
    certificate_client_id: str


@dataclass(frozen=True, kw_only=True)
class PlatformOutputs(Contract):
    """How to reach the cluster, and where images come from."""

    stack = "platform"

    cluster_id: str
    cluster_name: str
    cluster_resource_group_name: str
    cluster_host: str
    cluster_ca_certificate: str  # base64; public, a certificate and no key
    registry_login_server: str
