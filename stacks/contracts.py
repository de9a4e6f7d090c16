"""What one stack hands to another: typed, by remote state, ids and names only, never a secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypedDict, get_args, get_origin

from cdktf import DataTerraformRemoteStateAzurerm, TerraformOutput
from constructs import Construct

from constructs_lib.place import PrivateLink
from conventions.components import (
    API_SERVER,
    DAG_PROCESSOR,
    MIGRATIONS,
    SCHEDULER,
    TRIGGERER,
    WORKER,
    Component,
    WorkloadIdentity,
)
from conventions.stack_names import StackName
from environments.model import Environment


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The outputs of a stack; each field *is* a Terraform output of the same name.

    A field that is a record spreads over one output for each of its parts, `<field>_<part>`, and a
    mapping of records over `<field>_<key>_<part>`. The producer builds a contract and publishes it,
    a consumer reads the same type back: neither spells the name of an output.
    """

    stack: ClassVar[StackName]

    def publish(self, scope: Construct) -> None:
        """Write every field as outputs of the stack `scope`; a field that is None has none."""
        for name, value in _spread(vars(self)).items():
            TerraformOutput(scope, name, value=value, static_id=True)

    @classmethod
    def read(cls, scope: Construct, env: Environment) -> Self:
        """Return the outputs of `env`'s stack as references into its remote state."""
        state = DataTerraformRemoteStateAzurerm(
            scope, f"{cls.stack}_state", **state_of(env, cls.stack)
        )
        return cls(**_references(state, cls, keys=cls.keys_of(env)))

    @classmethod
    def keys_of(cls, env: Environment) -> Mapping[str, Sequence[str]]:
        """Return the keys of each field that is a mapping: the environment tells them."""
        return {}


def _spread(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    outputs: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) or is_dataclass(value):
            inner = value if isinstance(value, Mapping) else vars(value)
            outputs |= _spread(inner, f"{prefix}{name.replace('-', '_')}_")
        elif value is not None:
            outputs[f"{prefix}{name}"] = value
    return outputs


def _references(
    state: DataTerraformRemoteStateAzurerm,
    record: type[Any],
    prefix: str = "",
    keys: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields(record):
        start = f"{prefix}{field.name}"
        if get_origin(field.type) is Mapping:
            _, kind = get_args(field.type)
            found[field.name] = {
                key: kind(**_references(state, kind, f"{start}_{key.replace('-', '_')}_"))
                for key in keys[field.name]
            }
        elif isinstance(field.type, type) and is_dataclass(field.type):
            found[field.name] = field.type(**_references(state, field.type, f"{start}_"))
        else:
            found[field.name] = state.get_string(start)
    return found


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
        "subscription_id": env.state.subscription_id or env.subscription_id,
        "tenant_id": env.tenant_id,
        "use_azuread_auth": True,
    }


@dataclass(frozen=True, kw_only=True)
class NetworkOutputs(Contract):
    """Subnets to place things in, and private DNS zones to register them in."""

    stack = "network"

    virtual_network_id: str
    nat_gateway_id: str | None  # None where a firewall is the way out
    aks_nodes_subnet_id: str
    aks_api_server_subnet_id: str
    postgres_subnet_id: str
    private_endpoints_subnet_id: str
    postgres_dns_zone_id: str
    # those of private endpoints are None where a policy writes the records
    blob_dns_zone_id: str | None
    dfs_dns_zone_id: str | None
    key_vault_dns_zone_id: str | None
    registry_dns_zone_id: str | None
    aks_dns_zone_id: str
    # those of a network of another team are its own
    aks_nodes_security_group_id: str | None
    aks_api_server_security_group_id: str | None
    postgres_security_group_id: str | None
    private_endpoints_security_group_id: str | None

    @classmethod
    def read(cls, scope: Construct, env: Environment) -> Self:
        """Return the outputs of `env`'s stack as references into its remote state."""
        outputs = super().read(scope, env)
        if env.network.given:
            outputs = replace(
                outputs,
                aks_nodes_security_group_id=None,
                aks_api_server_security_group_id=None,
                postgres_security_group_id=None,
                private_endpoints_security_group_id=None,
            )
        if env.network.dns.policy_writes_records:
            return replace(
                outputs,
                blob_dns_zone_id=None,
                dfs_dns_zone_id=None,
                key_vault_dns_zone_id=None,
                registry_dns_zone_id=None,
            )
        return outputs

    def private_link(self, dns_zone_id: str | None) -> PrivateLink:
        """Return where private endpoints get their addresses, and the zone of their records."""
        return PrivateLink(self.private_endpoints_subnet_id, dns_zone_id)


@dataclass(frozen=True, kw_only=True)
class DagVault:
    """A Key Vault for connections and variables of DAGs, and for nothing of Airflow's own."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class DataOutputs(Contract):
    """The data lake, the database server and the vaults."""

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
    disk_encryption_key_id: str
    disk_encryption_identity_id: str
    etcd_key_id: str | None  # these two are None without kubernetes.etcd_key
    etcd_vault_id: str | None
    dag_vault: DagVault
    team_vaults: Mapping[str, DagVault]  # of the teams that have one, by team

    @classmethod
    def keys_of(cls, env: Environment) -> Mapping[str, Sequence[str]]:
        """Return the keys of each field that is a mapping: the environment tells them."""
        return {"team_vaults": env.teams_with_a_vault}


@dataclass(frozen=True, kw_only=True)
class IdentityOutputs(Contract):
    """The Entra application of the sign-in, and the identities that workloads run as."""

    stack = "identity"

    # the object in Entra, /applications/<object id>; None where the application is another team's
    sso_application_id: str | None
    sso_client_id: str
    cluster_identity_id: str
    cluster_principal_id: str
    kubelet_identity_id: str
    kubelet_client_id: str
    kubelet_principal_id: str
    api_server_identity: WorkloadIdentity
    scheduler_identity: WorkloadIdentity
    dag_processor_identity: WorkloadIdentity
    triggerer_identity: WorkloadIdentity
    worker_identity: WorkloadIdentity
    migrations_identity: WorkloadIdentity
    certificate_identity_id: str
    certificate_client_id: str

    @property
    def workloads(self) -> Mapping[Component, WorkloadIdentity]:
        """The identity of each component."""
        return {
            API_SERVER: self.api_server_identity,
            SCHEDULER: self.scheduler_identity,
            DAG_PROCESSOR: self.dag_processor_identity,
            TRIGGERER: self.triggerer_identity,
            WORKER: self.worker_identity,
            MIGRATIONS: self.migrations_identity,
        }


@dataclass(frozen=True, kw_only=True)
class PlatformOutputs(Contract):
    """How to reach the cluster, and where images come from."""

    stack = "platform"

    cluster_host: str
    cluster_ca_certificate: str  # base64; public, a certificate and no key
    registry_login_server: str
