"""The platform stack: the cluster, its images, and what watches over the whole environment."""

from cdktf_cdktf_provider_azuread.application_federated_identity_credential import (
    ApplicationFederatedIdentityCredential,
)
from cdktf_cdktf_provider_azurerm.kubernetes_cluster import KubernetesClusterKubeletIdentity
from constructs import Construct

from constructs_lib.aks_cluster import AksCluster
from constructs_lib.backup import BackupStorage, ClusterBackup
from constructs_lib.disk_encryption import DiskEncryption
from constructs_lib.flow_log import FlowLog
from constructs_lib.governance import add_budget, assign_policies, enable_defender
from constructs_lib.grant import grant
from constructs_lib.key_vault import KeyReference
from constructs_lib.node_pool import add_worker_pool, pool_version
from constructs_lib.observability import Observability
from constructs_lib.place import Place
from constructs_lib.protection import lock_against_deletion
from constructs_lib.registry import ImageRegistry
from constructs_lib.workload_identity import Federation, WorkloadIdentities
from conventions.components import API_SERVER
from conventions.pipeline_identities import AUDIENCE
from conventions.service_accounts import AIRFLOW_NAMESPACE, CERTIFICATE_ACCOUNTS, KEDA_ACCOUNT
from environments.facts import REGIONS
from environments.model import Environment
from helm_values.charts import allowed_images
from stacks.base import EnvironmentStack
from stacks.contracts import DataOutputs, IdentityOutputs, NetworkOutputs, PlatformOutputs
from stacks.watching import Watched, watch


class PlatformStack(EnvironmentStack):
    """AKS with its pools and registry, trust between cluster and Entra, and observability."""

    def __init__(self, scope: Construct, env: Environment) -> None:
        super().__init__(scope, env, "platform")
        network = NetworkOutputs.read(self, env)
        data = DataOutputs.read(self, env)
        identity = IdentityOutputs.read(self, env)
        place = self.own_group()
        # the key of the cluster's disks also encrypts its backups and the flow logs
        disk_key = KeyReference(data.disk_encryption_key_id, data.disk_encryption_identity_id)
        own_key = disk_key if env.storage.customer_managed_key else None
        observability = Observability(
            self,
            "observability",
            place=place,
            settings=env.monitoring,
            grafana_admin_groups=env.kubernetes.admin_group_object_ids,
            zone_redundant=env.postgres.high_availability == "ZoneRedundant",
        )
        encryption = DiskEncryption(
            self,
            "disk_encryption",
            place=place,
            key=disk_key,
            reader_principal_id=identity.cluster_principal_id,
        )
        cluster = AksCluster(
            self,
            "aks",
            place=place,
            env=env,
            nodes_subnet_id=network.aks_nodes_subnet_id,
            api_server_subnet_id=network.aks_api_server_subnet_id,
            dns_zone_id=network.aks_dns_zone_id,
            cluster_identity_id=identity.cluster_identity_id,
            kubelet_identity=KubernetesClusterKubeletIdentity(
                user_assigned_identity_id=identity.kubelet_identity_id,
                client_id=identity.kubelet_client_id,
                object_id=identity.kubelet_principal_id,
            ),
            disk_encryption_set_id=encryption.id,
            log_analytics_workspace_id=observability.logs.id,
            etcd_key_id=data.etcd_key_id if env.kubernetes.etcd_key else None,
            tags=self.tags,
        )
        for name, pool in env.kubernetes.node_pools.items():
            add_worker_pool(
                self,
                name=name,
                pool=pool,
                version=pool_version(env.kubernetes),
                cluster_id=cluster.id,
                subnet_id=network.aks_nodes_subnet_id,
            )
        grant(  # Azure decides who may use the API, and the deployer is in no group
            self,
            "deployer_releases",
            role="Azure Kubernetes Service RBAC Cluster Admin",
            on=cluster.id,
            to=env.deployer_object_id,
        )
        registry = self._registry(place, network)
        registry_id = registry.id if registry else str(env.registry.given_id)
        host = registry.host if registry else str(env.registry.given_host)
        kubelet = identity.kubelet_principal_id
        grant(self, "nodes_pull", role="AcrPull", on=registry_id, to=kubelet)
        self._trust(cluster.cluster.oidc_issuer_url, identity)
        backup_storage = BackupStorage(
            self,
            "backup_storage",
            place=place,
            env=env,
            link=network.private_link(network.blob_dns_zone_id),
            key=own_key,
        )
        backup = ClusterBackup(
            self,
            "backup",
            place=place,
            cluster_id=cluster.id,
            cluster_principal_id=identity.cluster_principal_id,
            namespace=AIRFLOW_NAMESPACE,
            storage=backup_storage,
            retention_days=env.kubernetes.backup_retention_days,
            zone_redundant=REGIONS[env.location].zones,
            hibernation=env.hibernation,
        )
        flow_log = self._flow_log(place, network, observability, own_key)
        if env.protect_data:
            # not the backups' account: its lock would keep a new cluster from replacing the grant
            # of the old one's extension, when backups are needed most
            holders = {"registry": registry.id} if registry else {}
            if flow_log:
                holders["flow_log_storage"] = flow_log.storage_account_id
            lock_against_deletion(self, holders)
        watched = Watched(
            network=network,
            data=data,
            cluster=cluster,
            registry_id=registry.id if registry else None,
            backup_vault_id=backup.vault_id,
            backup_account_id=backup_storage.account_id,
            flow_log_account_id=flow_log.storage_account_id if flow_log else None,
        )
        watch(self, watched, env=env, place=place, by=observability)
        add_budget(self, env)
        assign_policies(
            self,
            resource_group_id=place.resource_group_id,
            images=allowed_images(host, mirrored=env.registry.mirror),
            internal=env.ingress.internal,
        )
        if env.monitoring.defender:
            enable_defender(self, env.monitoring)
        login_server = registry.registry.login_server if registry else host
        PlatformOutputs(
            cluster_host=cluster.host,
            cluster_ca_certificate=cluster.ca_certificate,
            registry_login_server=login_server,
        ).publish(self)

    def _registry(self, place: Place, network: NetworkOutputs) -> ImageRegistry | None:
        """Make the registry, unless another team has; the nodes are not alone in using it."""
        if self.env.registry.given_id:
            return None
        registry = ImageRegistry(
            self,
            "registry",
            place=place,
            settings=self.env.registry,
            link=network.private_link(network.registry_dns_zone_id),
        )
        deployer, settings = self.env.deployer_object_id, self.env.registry
        grant(self, "deployer_pushes", role="AcrPush", on=registry.id, to=deployer)
        others = [one for one in settings.push_object_ids if one != deployer]  # Azure: each once
        for verb, role, object_ids in (
            ("pushes", "AcrPush", others),
            ("pulls", "AcrPull", settings.pull_object_ids),
        ):
            for object_id in object_ids:
                name = f"{verb}_{object_id.replace('-', '_')}"
                grant(self, name, role=role, on=registry.id, to=object_id)
        return registry

    def _flow_log(
        self,
        place: Place,
        network: NetworkOutputs,
        observability: Observability,
        key: KeyReference | None,
    ) -> FlowLog | None:
        if self.env.network.given:
            return None  # its owner records who talks to whom in it
        return FlowLog(
            self,
            "flow_log",
            place=place,
            network_id=network.virtual_network_id,
            retention_days=self.env.network.flow_log_retention_days,
            replication=self.env.storage.replication,
            key=key,
            logs=observability.logs,
        )

    def _trust(self, issuer: str, identity: IdentityOutputs) -> None:
        federations = {
            component.name: Federation(workload.id, issuer, component.service_account.subject)
            for component, workload in identity.workloads.items()
        }
        federations["certificate"] = Federation(
            identity.certificate_identity_id,
            issuer,
            CERTIFICATE_ACCOUNTS[self.env.ingress.certificate].subject,
        )
        if self.env.airflow.runs_workers:
            # counts tasks in the database as the scheduler
            federations["keda"] = Federation(
                identity.scheduler_identity.id, issuer, KEDA_ACCOUNT.subject
            )
        WorkloadIdentities(self, "workload_identity", federations=federations)
        if self.env.single_sign_on.application_id or not identity.sso_application_id:
            return  # its owner lets the API server prove itself
        self.use_entra()
        ApplicationFederatedIdentityCredential(
            self,
            "sign_in_credential",
            application_id=identity.sso_application_id,
            display_name=f"{self.env.workload}-{self.env.name}-api-server",
            description="The API server proves itself at sign-in by its service account",
            issuer=issuer,
            subject=API_SERVER.service_account.subject,
            audiences=[AUDIENCE],
        )
