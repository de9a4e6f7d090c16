"""The platform stack: the cluster, its images, and what watches over the whole environment."""

from cdktf_cdktf_provider_azuread.application_federated_identity_credential import (
    ApplicationFederatedIdentityCredential,
)
from cdktf_cdktf_provider_azuread.provider import AzureadProvider
from cdktf_cdktf_provider_azurerm.kubernetes_cluster import KubernetesClusterKubeletIdentity
from cdktf_cdktf_provider_azurerm.role_assignment import RoleAssignment
from constructs import Construct

from constructs_lib import governance
from constructs_lib.aks_cluster import AksCluster
from constructs_lib.alerts import (
    PrometheusAlerts,
    PrometheusRecordings,
    metric_alerts,
    service_health_alert,
)
from constructs_lib.backup import BackupStorage, ClusterBackup
from constructs_lib.container_insights import collect_container_logs
from constructs_lib.disk_encryption import DiskEncryption
from constructs_lib.flow_log import FlowLog
from constructs_lib.key_vault import KeyReference
from constructs_lib.node_pool import pool_version, worker_pool
from constructs_lib.observability import Observability, diagnostics
from constructs_lib.protection import lock_against_deletion
from constructs_lib.registry import ImageRegistry
from constructs_lib.workload_identity import AUDIENCE, Federation, WorkloadIdentities
from conventions.components import API_SERVER
from conventions.service_accounts import AIRFLOW_NAMESPACE, CERTIFICATE_ACCOUNTS, KEDA_ACCOUNT
from environments.facts import REGIONS, max_connections
from environments.model import Environment
from observability.alerts import database_alerts, prometheus_alerts
from observability.cluster import CLUSTER_ALERTS
from observability.egress import EGRESS_ALERTS
from observability.recording import kubernetes_recordings, node_recordings
from stacks.base import AzureStack
from stacks.contracts import DataOutputs, IdentityOutputs, NetworkOutputs, PlatformOutputs

CONTROL_PLANE_LOGS = (  # kube-audit-admin leaves out reads, the bulk of kube-audit
    "kube-apiserver",
    "kube-audit-admin",
    "kube-controller-manager",
    "kube-scheduler",
    "cluster-autoscaler",
    "cloud-controller-manager",
    "guard",
)


class PlatformStack(AzureStack):
    """AKS with its pools and registry, trust between cluster and Entra, and observability."""

    def __init__(self, scope: Construct, env: Environment) -> None:
        super().__init__(scope, env, "platform")
        self.network = NetworkOutputs.read(self, env)
        self.data = DataOutputs.read(self, env)
        self.identity = IdentityOutputs.read(self, env)
        self.place = self.resource_group()
        self.observability = Observability(
            self,
            "observability",
            place=self.place,
            settings=env.monitoring,
            grafana_admin_groups=env.kubernetes.admin_group_object_ids,
            zone_redundant=env.postgres.high_availability == "ZoneRedundant",
        )
        self.aks = self._cluster()
        for name, pool in env.kubernetes.node_pools.items():
            worker_pool(
                self,
                name=name,
                pool=pool,
                version=pool_version(env.kubernetes),
                cluster_id=self.aks.id,
                subnet_id=self.network.aks_nodes_subnet_id,
            )
        RoleAssignment(  # Azure decides who may use the API, and the deployer is in no group
            self,
            "deployer_releases",
            scope=self.aks.id,
            role_definition_name="Azure Kubernetes Service RBAC Cluster Admin",
            principal_id=env.deployer_object_id,
            principal_type="ServicePrincipal",
        )
        self.registry = self._registry()
        self._trust()
        self.backup = self._backup()
        self.flow_log = self._flow_log()
        if env.protect_data:
            # not the backups' account: its lock would keep a new cluster from replacing the grant
            # of the old one's extension, when backups are needed most
            lock_against_deletion(
                self,
                {
                    "registry": self.registry.id,
                    "flow_log_storage": self.flow_log.storage_account_id,
                },
            )
        self._watch()
        governance.budget(self, env)
        governance.policies(self, resource_group_id=self.place.resource_group_id)
        if env.monitoring.defender:
            governance.defender(self, env.monitoring)
        PlatformOutputs(
            cluster_host=self.aks.host,
            cluster_ca_certificate=self.aks.ca_certificate,
            registry_login_server=self.registry.registry.login_server,
        ).publish(self)

    def _cluster(self) -> AksCluster:
        identity = self.identity
        encryption = DiskEncryption(
            self,
            "disk_encryption",
            place=self.place,
            key_id=self.data.disk_encryption_key_id,
            identity_id=self.data.disk_encryption_identity_id,
            reader_principal_id=identity.cluster_principal_id,
        )
        return AksCluster(
            self,
            "aks",
            place=self.place,
            env=self.env,
            nodes_subnet_id=self.network.aks_nodes_subnet_id,
            api_server_subnet_id=self.network.aks_api_server_subnet_id,
            dns_zone_id=self.network.aks_dns_zone_id,
            cluster_identity_id=identity.cluster_identity_id,
            kubelet_identity=KubernetesClusterKubeletIdentity(
                user_assigned_identity_id=identity.kubelet_identity_id,
                client_id=identity.kubelet_client_id,
                object_id=identity.kubelet_principal_id,
            ),
            disk_encryption_set_id=encryption.id,
            log_analytics_workspace_id=self.observability.logs_id,
            tags=self.tags,
        )

    def _registry(self) -> ImageRegistry:
        registry = ImageRegistry(
            self,
            "registry",
            place=self.place,
            settings=self.env.registry,
            subnet_id=self.network.private_endpoints_subnet_id,
            dns_zone_id=self.network.registry_dns_zone_id,
            protect=self.env.protect_data,
        )
        for grant, role, principal_id in (
            ("nodes_pull", "AcrPull", self.identity.kubelet_principal_id),
            ("deployer_pushes", "AcrPush", self.env.deployer_object_id),
        ):
            RoleAssignment(
                self,
                grant,
                scope=registry.id,
                role_definition_name=role,
                principal_id=principal_id,
                principal_type="ServicePrincipal",
            )
        return registry

    def _trust(self) -> None:
        issuer = self.aks.cluster.oidc_issuer_url
        federations = {
            component.name: Federation(identity.id, component.service_account.subject)
            for component, identity in self.identity.workloads.items()
        }
        federations["certificate"] = Federation(
            self.identity.certificate_identity_id,
            CERTIFICATE_ACCOUNTS[self.env.ingress.certificate].subject,
        )
        if self.env.airflow.executor == "CeleryExecutor":
            # counts tasks in the database as the scheduler
            federations["keda"] = Federation(
                self.identity.scheduler_identity.id, KEDA_ACCOUNT.subject
            )
        WorkloadIdentities(
            self,
            "workload_identity",
            resource_group_name=self.identity.resource_group_name,
            issuer=issuer,
            federations=federations,
        )
        AzureadProvider(self, "azuread", tenant_id=self.env.tenant_id)
        self.add_override("terraform.required_providers.azuread.source", "hashicorp/azuread")
        ApplicationFederatedIdentityCredential(
            self,
            "sign_in_credential",
            application_id=self.identity.sso_application_id,
            display_name=f"{self.env.workload}-{self.env.name}-api-server",
            description="The API server proves itself at sign-in by its service account",
            issuer=issuer,
            subject=API_SERVER.service_account.subject,
            audiences=[AUDIENCE],
        )

    def _backup(self) -> ClusterBackup:
        zone_redundant = REGIONS[self.env.location].zones
        self.backup_storage = BackupStorage(
            self,
            "backup_storage",
            place=self.place,
            tenant_id=self.env.tenant_id,
            subscription_id=self.env.subscription_id,
            subnet_id=self.network.private_endpoints_subnet_id,
            dns_zone_id=self.network.blob_dns_zone_id,
            replication=self.env.storage.replication,
            key=self._key(),
            protect=self.env.protect_data,
        )
        return ClusterBackup(
            self,
            "backup",
            place=self.place,
            cluster_id=self.aks.id,
            cluster_principal_id=self.identity.cluster_principal_id,
            namespace=AIRFLOW_NAMESPACE,
            storage=self.backup_storage,
            retention_days=self.env.kubernetes.backup_retention_days,
            zone_redundant=zone_redundant,
            protect=self.env.protect_data,
        )

    def _flow_log(self) -> FlowLog:
        return FlowLog(
            self,
            "flow_log",
            place=self.place,
            network_id=self.network.virtual_network_id,
            retention_days=self.env.network.flow_log_retention_days,
            replication=self.env.storage.replication,
            key=self._key(),
            logs=self.observability.logs,
            protect=self.env.protect_data,
            subnet_id=self.network.private_endpoints_subnet_id,
            dns_zone_id=self.network.blob_dns_zone_id,
        )

    def _key(self) -> KeyReference | None:
        # the key of the cluster's disks also encrypts its backups and the flow logs
        if not self.env.storage.customer_managed_key:
            return None
        return KeyReference(self.data.disk_encryption_key_id, self.data.disk_encryption_identity_id)

    def _watch(self) -> None:
        watch = self.observability
        watch.scrape(self.aks.id)
        collect_container_logs(
            self, place=self.place, cluster_id=self.aks.id, logs_id=watch.logs_id
        )
        groups = {"cluster_alerts": CLUSTER_ALERTS, "airflow_alerts": prometheus_alerts()}
        for role, alerts in groups.items():
            PrometheusAlerts(
                self,
                role,
                place=watch.metrics_place,
                metrics_id=watch.metrics_id,
                cluster_name=self.aks.cluster.name,
                action_group_id=watch.action_group_id,
                alerts=alerts,
            )
        if watch.grafana_id:  # its built-in boards draw them, and nothing else does
            recordings = {
                "node_recordings": node_recordings(),
                "kubernetes_recordings": kubernetes_recordings(),
            }
            for role, series in recordings.items():
                PrometheusRecordings(
                    self,
                    role,
                    place=watch.metrics_place,
                    metrics_id=watch.metrics_id,
                    cluster_name=self.aks.cluster.name,
                    recordings=series,
                )
        if self.env.network.egress == "nat" and self.network.nat_gateway_id:
            metric_alerts(
                self,
                place=self.place,
                resource_id=self.network.nat_gateway_id,
                action_group_id=watch.action_group_id,
                alerts=EGRESS_ALERTS,
            )
        service_health_alert(
            self,
            place=self.place,
            subscription_id=self.env.subscription_id,
            action_group_id=watch.action_group_id,
        )
        connections = max_connections(self.env.postgres.sku_name)
        metric_alerts(
            self,
            place=self.place,
            resource_id=self.data.postgres_server_id,
            action_group_id=watch.action_group_id,
            alerts=database_alerts(max_connections=connections),
        )
        # diagnostics of network and data stand here, in the later stack: the workspace is here
        network, data = self.network, self.data
        everything = {
            "virtual_network": network.virtual_network_id,
            "key_vault": data.key_vault_id,
            "postgres": data.postgres_server_id,
            "registry": self.registry.id,
            "log_analytics": watch.logs_id,
        }
        for role, target_id in everything.items():
            diagnostics(self, role, target_id=target_id, workspace_id=watch.logs_id)
        logs_only = {
            "aks_nodes_security_group": network.aks_nodes_security_group_id,
            "aks_api_server_security_group": network.aks_api_server_security_group_id,
            "postgres_security_group": network.postgres_security_group_id,
            "private_endpoints_security_group": network.private_endpoints_security_group_id,
        }
        for role, target_id in logs_only.items():
            diagnostics(self, role, target_id=target_id, workspace_id=watch.logs_id, metrics=())
        diagnostics(
            self,
            "backup_vault",
            target_id=self.backup.vault_id,
            workspace_id=watch.logs_id,
            metrics=(),
            dedicated=True,  # Backup reports read those tables only
        )
        if watch.grafana_id:
            diagnostics(self, "grafana", target_id=watch.grafana_id, workspace_id=watch.logs_id)
        for role, account_id in {
            "data_lake": data.storage_account_id,
            "backup_storage": self.backup_storage.account_id,
            "flow_log_storage": self.flow_log.storage_account_id,
        }.items():
            diagnostics(
                self,
                role,
                target_id=f"{account_id}/blobServices/default",
                workspace_id=watch.logs_id,
                metrics=["Transaction"],
            )
        diagnostics(
            self,
            "aks",
            target_id=self.aks.id,
            workspace_id=watch.logs_id,
            logs=CONTROL_PLANE_LOGS,
            dedicated=True,
        )
