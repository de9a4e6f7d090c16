"""The identity stack: who signs in, what workloads run as, and what each of them may do."""

from collections.abc import Mapping, Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_azurerm.postgresql_flexible_server_active_directory_administrator import (
    PostgresqlFlexibleServerActiveDirectoryAdministrator,
)
from cdktf_cdktf_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

from constructs_lib.entra_application import SignInApplication
from constructs_lib.grant import grant
from constructs_lib.place import Place
from constructs_lib.team_upload import add_team_upload
from conventions.components import (
    API_SERVER,
    COMPONENTS,
    DAG_PROCESSOR,
    MIGRATIONS,
    SCHEDULER,
    TRIGGERER,
    WORKER,
    Component,
    WorkloadIdentity,
)
from environments.model import Environment
from helm_values.airflow.dag_secrets import DAG_SECRET_READERS
from helm_values.airflow.secrets import secret_readers, shared_secrets
from stacks.base import EnvironmentStack
from stacks.contracts import DataOutputs, IdentityOutputs, NetworkOutputs

Identities = Mapping[Component, UserAssignedIdentity]


class IdentityStack(EnvironmentStack):
    """One identity for each workload, with roles on single resources."""

    def __init__(self, scope: Construct, env: Environment) -> None:
        super().__init__(scope, env, "identity")
        network = NetworkOutputs.read(self, env)
        data = DataOutputs.read(self, env)
        place = self.own_group()
        cluster = self._identity(place, "cluster")
        kubelet = self._identity(place, "kubelet")
        workloads = {c: self._identity(place, c.name) for c in COMPONENTS}
        certificate = self._identity(place, "certificate")
        self._grant_cluster(cluster, kubelet, network)
        if env.kubernetes.etcd_key and data.etcd_vault_id:
            self._grant_etcd_key(cluster, data.etcd_vault_id)
        self._grant_airflow(workloads, data)
        self._grant_certificate(certificate, data)
        self._let_teams_upload(place, data)
        administrators = self._postgres_administrators(workloads[MIGRATIONS], data)
        given = env.single_sign_on.application_id
        made = None if given else self._sign_in(administrators).application
        IdentityOutputs(
            sso_application_id=made.id if made else None,
            sso_client_id=made.client_id if made else str(given),
            cluster_identity_id=cluster.id,
            cluster_principal_id=cluster.principal_id,
            kubelet_identity_id=kubelet.id,
            kubelet_client_id=kubelet.client_id,
            kubelet_principal_id=kubelet.principal_id,
            api_server_identity=_reference(workloads[API_SERVER]),
            scheduler_identity=_reference(workloads[SCHEDULER]),
            dag_processor_identity=_reference(workloads[DAG_PROCESSOR]),
            triggerer_identity=_reference(workloads[TRIGGERER]),
            worker_identity=_reference(workloads[WORKER]),
            migrations_identity=_reference(workloads[MIGRATIONS]),
            certificate_identity_id=certificate.id,
            certificate_client_id=certificate.client_id,
        ).publish(self)

    def _identity(self, place: Place, role: str) -> UserAssignedIdentity:
        return UserAssignedIdentity(
            self,
            f"{role}_identity",
            name=self.names.of("id", role.replace("_", "-")),
            **place.at,
        )

    def _grant_cluster(
        self,
        cluster: UserAssignedIdentity,
        kubelet: UserAssignedIdentity,
        network: NetworkOutputs,
    ) -> None:
        # AKS checks all of these before it makes the cluster. The network, not its two subnets:
        # AKS itself sees to the link of a DNS zone of ours ("Create a private AKS cluster")
        for name, role, scope_id in (
            ("on_network", "Network Contributor", network.virtual_network_id),
            ("on_dns_zone", "Private DNS Zone Contributor", network.aks_dns_zone_id),
            ("on_kubelet", "Managed Identity Operator", kubelet.id),
        ):
            grant(self, f"cluster_{name}", role=role, on=scope_id, to=cluster.principal_id)
        if given := self.env.ingress.public_ip_id:
            # the cluster looks for the address in its group, and takes it
            group_id = given.split("/providers/")[0]
            principal = cluster.principal_id
            grant(
                self, "cluster_on_public_ip", role="Network Contributor", on=group_id, to=principal
            )

    def _grant_etcd_key(self, cluster: UserAssignedIdentity, vault_id: str) -> None:
        # the second one for AKS's private way into the vault, which nothing else lies in
        # ("Use KMS etcd encryption in AKS")
        for name, role in (
            ("uses_etcd_key", "Key Vault Crypto User"),
            ("reaches_etcd_key", "Key Vault Contributor"),
        ):
            grant(self, f"cluster_{name}", role=role, on=vault_id, to=cluster.principal_id)

    def _grant_airflow(self, workloads: Identities, data: DataOutputs) -> None:
        reader, writer = "Storage Blob Data Reader", "Storage Blob Data Contributor"
        dags, logs = data.dags_container_id, data.logs_container_id
        # the DAG processor publishes each version of the DAGs, and tasks fetch theirs
        versions, data_container = data.dag_versions_container_id, data.data_container_id
        grants = [
            (DAG_PROCESSOR, "reads_dags", reader, dags),
            (WORKER, "reads_dags", reader, dags),
            (DAG_PROCESSOR, "writes_dag_versions", writer, versions),
            (WORKER, "reads_dag_versions", reader, versions),
            (TRIGGERER, "reads_dag_versions", reader, versions),
            (WORKER, "writes_logs", writer, logs),
            (WORKER, "writes_data", writer, data_container),
            (TRIGGERER, "writes_logs", writer, logs),
            (TRIGGERER, "reads_data", reader, data_container),
            (API_SERVER, "reads_logs", reader, logs),
        ]
        # a secret each, and never the vault: it also holds what other components sign with
        vault, user = f"{data.key_vault_id}/secrets", "Key Vault Secrets User"
        for component, secrets in secret_readers(self.env.airflow).items():
            for secret in secrets:
                grants.append((component, f"reads_{secret.role}", user, f"{vault}/{secret.name}"))
            for shared in shared_secrets(self.env.airflow):
                role = f"reads_env_{shared.replace('-', '_').lower()}"
                grants.append((component, role, user, f"{vault}/{shared}"))
        if name := self.env.single_sign_on.client_secret:
            grants.append((API_SERVER, "reads_client_secret", user, f"{vault}/{name}"))
        # who looks connections and variables up for tasks and triggers; a task asks the API server
        for component in DAG_SECRET_READERS:
            grants.append((component, "reads_dag_secrets", user, data.dag_vault.id))
            for team, team_vault in data.team_vaults.items():
                name = f"reads_{team.replace('-', '_')}_secrets"
                grants.append((component, name, user, team_vault.id))
        for component, name, role, scope_id in grants:
            principal_id = workloads[component].principal_id
            grant(self, f"{component.name}_{name}", role=role, on=scope_id, to=principal_id)

    def _grant_certificate(self, identity: UserAssignedIdentity, data: DataOutputs) -> None:
        ingress = self.env.ingress
        if ingress.certificate == "letsencrypt" and ingress.dns_zone_id:
            name, role, scope_id = "on_dns_zone", "DNS Zone Contributor", ingress.dns_zone_id
        else:
            name, role = "reads_secrets", "Key Vault Secrets User"
            scope_id = f"{data.key_vault_id}/secrets/{ingress.key_vault_certificate}"
        grant(self, f"certificate_{name}", role=role, on=scope_id, to=identity.principal_id)

    def _let_teams_upload(self, place: Place, data: DataOutputs) -> None:
        if self.env.airflow.dags != "blob":
            return  # nobody reads what they would write
        for name, team in self.env.teams.items():
            if team.pipeline_issuer and team.pipeline_subject:
                add_team_upload(
                    self,
                    name,
                    place=place,
                    name=self.names.of("id", f"team-{name}"),
                    issuer=team.pipeline_issuer,
                    subject=team.pipeline_subject,
                    container_id=data.dags_container_id,
                )

    def _postgres_administrators(
        self, owner: UserAssignedIdentity, data: DataOutputs
    ) -> list[ITerraformDependable]:
        # The migrations make the database roles of the other components
        administrators = {
            "migrations_administrator": (owner.principal_id, owner.name, "ServicePrincipal")
        }
        for name, object_id in self.env.postgres.administrators.items():
            administrators[f"{name.replace(' ', '_')}_administrator"] = (object_id, name, "Group")
        return [
            PostgresqlFlexibleServerActiveDirectoryAdministrator(
                self,
                role,
                server_name=data.postgres_server_name,
                resource_group_name=data.resource_group_name,
                tenant_id=self.env.tenant_id,
                object_id=object_id,
                principal_name=name,
                principal_type=kind,
            )
            for role, (object_id, name, kind) in administrators.items()
        ]

    def _sign_in(self, after: Sequence[ITerraformDependable]) -> SignInApplication:
        self.use_entra()
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
            role_names=sso.role_names.by_role,
            after=after,
        )


def _reference(identity: UserAssignedIdentity) -> WorkloadIdentity:
    return WorkloadIdentity(id=identity.id, client_id=identity.client_id, name=identity.name)
