"""The identity stack: who signs in, what workloads run as, and what each of them may do."""

from collections.abc import Iterator
from typing import NamedTuple

from cdktf_cdktf_provider_azuread.provider import AzureadProvider
from cdktf_cdktf_provider_azurerm.postgresql_flexible_server_active_directory_administrator import (
    PostgresqlFlexibleServerActiveDirectoryAdministrator,
)
from cdktf_cdktf_provider_azurerm.role_assignment import RoleAssignment
from cdktf_cdktf_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

from constructs_lib.entra_application import SignInApplication
from environments.model import Environment
from stacks.base import AzureStack
from stacks.contracts import DataOutputs, IdentityOutputs, NetworkOutputs

IDENTITIES = (
    "cluster",
    "kubelet",
    "api_server",
    "scheduler",
    "dag_processor",
    "triggerer",
    "worker",
    "migrations",
    "certificate",
)


class Grant(NamedTuple):
    """An Azure role for an identity on one resource; `name` is a part of the state address."""

    identity: str
    name: str
    role: str
    scope: str


class IdentityStack(AzureStack):
    """One identity for each workload, with the least rights that it needs."""

    def __init__(self, scope: Construct, env: Environment) -> None:
        super().__init__(scope, env, "identity")
        network = NetworkOutputs.read(self, env)
        self.data = DataOutputs.read(self, env)
        self.place = self.resource_group()
        self.identities = {
            role: UserAssignedIdentity(
                self,
                f"{role}_identity",
                name=self.names.of("id", role.replace("_", "-")),
                **self.place.at,
            )
            for role in IDENTITIES
        }
        principals = {role: identity.principal_id for role, identity in self.identities.items()}
        for grant in [*self._cluster_grants(network), *self._airflow_grants()]:
            RoleAssignment(
                self,
                f"{grant.identity}_{grant.name}",
                scope=grant.scope,
                role_definition_name=grant.role,
                principal_id=principals[grant.identity],
                principal_type="ServicePrincipal",
            )
        self._postgres_administrators(principals["migrations"])
        application = self._sign_in()
        IdentityOutputs(
            sso_application_id=application.application.id,
            sso_client_id=application.application.client_id,
            resource_group_name=self.place.resource_group_name,
            cluster_principal_id=principals["cluster"],
            kubelet_principal_id=principals["kubelet"],
            **self._published(),
        ).publish(self)

    def _cluster_grants(self, network: NetworkOutputs) -> Iterator[Grant]:
        # AKS checks all of these before it makes the cluster. The network, not its two subnets:
        # AKS itself sees to the link of a DNS zone of ours ("Create a private AKS cluster")
        network_id = network.virtual_network_id
        yield Grant("cluster", "on_network", "Network Contributor", network_id)
        yield Grant(
            "cluster", "on_dns_zone", "Private DNS Zone Contributor", network.aks_dns_zone_id
        )
        kubelet = self.identities["kubelet"].id
        yield Grant("cluster", "on_kubelet", "Managed Identity Operator", kubelet)

    def _airflow_grants(self) -> Iterator[Grant]:
        reader, writer = "Storage Blob Data Reader", "Storage Blob Data Contributor"
        data = self.data
        yield Grant("dag_processor", "reads_dags", reader, data.dags_container_id)
        yield Grant("worker", "reads_dags", reader, data.dags_container_id)
        # the DAG processor publishes each version of the DAGs, and tasks fetch theirs
        versions = data.dag_versions_container_id
        yield Grant("dag_processor", "writes_dag_versions", writer, versions)
        yield Grant("worker", "reads_dag_versions", reader, versions)
        yield Grant("triggerer", "reads_dag_versions", reader, versions)
        yield Grant("worker", "writes_logs", writer, data.logs_container_id)
        yield Grant("worker", "writes_data", writer, data.data_container_id)
        yield Grant("triggerer", "writes_logs", writer, data.logs_container_id)
        yield Grant("triggerer", "reads_data", reader, data.data_container_id)
        yield Grant("api_server", "reads_logs", reader, data.logs_container_id)
        readers = ["api_server", "scheduler", "dag_processor", "triggerer"]
        if self.env.airflow.executor == "CeleryExecutor":
            readers.append("worker")
        for component in readers:
            yield Grant(component, "reads_secrets", "Key Vault Secrets User", data.key_vault_id)
        ingress = self.env.ingress
        if ingress.certificate == "letsencrypt" and ingress.dns_zone_id:
            yield Grant("certificate", "on_dns_zone", "DNS Zone Contributor", ingress.dns_zone_id)
        else:
            secret_id = f"{data.key_vault_id}/secrets/{ingress.key_vault_certificate}"
            yield Grant("certificate", "reads_secrets", "Key Vault Secrets User", secret_id)

    def _postgres_administrators(self, migrations_principal_id: str) -> None:
        # The migrations make the database roles of the other components
        administrators = {
            "migrations_administrator": (
                migrations_principal_id,
                self.identities["migrations"].name,
                "ServicePrincipal",
            )
        }
        for name, object_id in self.env.postgres.administrators.items():
            administrators[f"{name.replace(' ', '_')}_administrator"] = (object_id, name, "Group")
        for role, (object_id, name, kind) in administrators.items():
            PostgresqlFlexibleServerActiveDirectoryAdministrator(
                self,
                role,
                server_name=self.data.postgres_server_name,
                resource_group_name=self.data.resource_group_name,
                tenant_id=self.env.tenant_id,
                object_id=object_id,
                principal_name=name,
                principal_type=kind,
            )

    def _sign_in(self) -> SignInApplication:
        AzureadProvider(self, "azuread", tenant_id=self.env.tenant_id)
        self.add_override("terraform.required_providers.azuread.source", "hashicorp/azuread")
        sso = self.env.single_sign_on
        return SignInApplication(
            self,
            "single_sign_on",
            display_name=f"Airflow ({self.env.workload}-{self.env.name})",
            redirect_uri=self.env.redirect_uri,
            home_page=f"https://{self.env.ingress.host}",
            # who makes an application with the right OwnedBy must stay among its owners
            owners=sorted({self.env.deployer_object_id, *sso.owners}),
            groups_by_role={
                "Admin": sso.admin_groups,
                "Op": sso.op_groups,
                "User": sso.user_groups,
                "Viewer": sso.viewer_groups,
            },
        )

    def _published(self) -> dict[str, str]:
        values: dict[str, str] = {}
        for role, identity in self.identities.items():
            values[f"{role}_identity_id"] = identity.id
            if role != "cluster":
                values[f"{role}_client_id"] = identity.client_id
            if role not in ("cluster", "kubelet", "certificate"):
                values[f"{role}_identity_name"] = identity.name
        return values
