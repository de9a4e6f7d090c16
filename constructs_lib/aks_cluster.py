"""Azure Kubernetes Service: a private cluster without passwords, keys or local accounts."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from cdktf import Fn, TerraformResourceLifecycle
from cdktf_cdktf_provider_azurerm.kubernetes_cluster import (
    KubernetesCluster,
    KubernetesClusterApiServerAccessProfile,
    KubernetesClusterAutoScalerProfile,
    KubernetesClusterAzureActiveDirectoryRoleBasedAccessControl,
    KubernetesClusterDefaultNodePool,
    KubernetesClusterDefaultNodePoolUpgradeSettings,
    KubernetesClusterHttpProxyConfig,
    KubernetesClusterIdentity,
    KubernetesClusterKeyManagementService,
    KubernetesClusterKeyVaultSecretsProvider,
    KubernetesClusterKubeletIdentity,
    KubernetesClusterMaintenanceWindowAutoUpgrade,
    KubernetesClusterMaintenanceWindowNodeOs,
    KubernetesClusterMicrosoftDefender,
    KubernetesClusterMonitorMetrics,
    KubernetesClusterNetworkProfile,
    KubernetesClusterOmsAgent,
    KubernetesClusterStorageProfile,
    KubernetesClusterWorkloadAutoscalerProfile,
)
from constructs import Construct

from constructs_lib.beyond_bindings import set_beyond_bindings
from constructs_lib.node_pool import (
    MINOR_CHANNELS,
    UNDRAINABLE,
    common_settings,
    pool_version,
)
from constructs_lib.place import Place
from conventions.patience import DRAIN_MINUTES, NODE_MINUTES, SOAK_MINUTES, WORKER_GRACE_SECONDS
from conventions.weekdays import weekday
from environments.kubernetes import Kubernetes, rotation_name
from environments.model import Environment
from environments.network import Network

# A Premium cluster without long-term support costs more and offers nothing
SUPPORT_PLANS = {"Standard": "KubernetesOfficial", "Premium": "AKSLongTermSupport"}

# What has private addresses is reached without a proxy; Airflow's pods call each other by the short
# names of their services. AKS adds the API server, localhost and its own (learn.microsoft.com:
# "HTTP proxy support in AKS").
WITHOUT_PROXY = (
    "airflow-api-server",
    "airflow-redis",
    "airflow-statsd",
    "airflow-triggerer",
    ".svc",
    ".cluster.local",
    ".blob.core.windows.net",
    ".dfs.core.windows.net",
    ".postgres.database.azure.com",
    ".vault.azure.net",
    ".azurecr.io",
)


class AksCluster(Construct):
    """The cluster with its system pool; workers are pools of their own.

    Azure CNI overlay with Cilium: pods have addresses of their own range, and network policies
    are enforced by eBPF (learn.microsoft.com: "Configure Azure CNI powered by Cilium"). The API
    server has addresses in our network only, by VNet integration, and no public name. Node counts
    belong to the autoscaler, patch versions to the upgrade channel. A new minor version in the
    environment file upgrades the control plane first, then the pools.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        env: Environment,
        nodes_subnet_id: str,
        api_server_subnet_id: str,
        dns_zone_id: str,
        cluster_identity_id: str,
        kubelet_identity: KubernetesClusterKubeletIdentity,
        disk_encryption_set_id: str,
        log_analytics_workspace_id: str,
        etcd_key_id: str | None,
        tags: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        settings = env.kubernetes
        self.cluster = KubernetesCluster(
            self,
            "Default",
            name=place.names.of("aks"),
            dns_prefix=place.names.of("aks"),
            kubernetes_version=settings.version,
            sku_tier=settings.sku_tier,
            support_plan=SUPPORT_PLANS[settings.sku_tier],
            cost_analysis_enabled=True,
            disk_encryption_set_id=disk_encryption_set_id,
            key_management_service=_key_management(etcd_key_id),
            # who may reach and use the API
            private_cluster_enabled=True,
            private_cluster_public_fqdn_enabled=False,
            private_dns_zone_id=dns_zone_id,
            api_server_access_profile=KubernetesClusterApiServerAccessProfile(
                virtual_network_integration_enabled=True, subnet_id=api_server_subnet_id
            ),
            local_account_disabled=True,
            role_based_access_control_enabled=True,
            run_command_enabled=False,
            azure_active_directory_role_based_access_control=_entra(env),
            identity=KubernetesClusterIdentity(
                type="UserAssigned", identity_ids=[cluster_identity_id]
            ),
            kubelet_identity=kubelet_identity,
            oidc_issuer_enabled=True,
            workload_identity_enabled=True,
            network_profile=_network(env.network),
            http_proxy_config=_proxy(env.network),
            custom_ca_trust_certificates_base64=[
                b64encode(text.strip().encode()).decode()
                for text in env.network.certificate_authorities
            ]
            or None,
            # how it is kept up to date, and when
            automatic_upgrade_channel=settings.upgrade_channel,
            node_os_upgrade_channel=settings.node_os_upgrade_channel,
            maintenance_window_auto_upgrade=KubernetesClusterMaintenanceWindowAutoUpgrade(
                **_window(env)
            ),
            maintenance_window_node_os=KubernetesClusterMaintenanceWindowNodeOs(**_window(env)),
            image_cleaner_enabled=True,
            image_cleaner_interval_hours=48,
            # what watches over it
            azure_policy_enabled=True,
            microsoft_defender=KubernetesClusterMicrosoftDefender(
                log_analytics_workspace_id=log_analytics_workspace_id
            ),
            oms_agent=KubernetesClusterOmsAgent(
                log_analytics_workspace_id=log_analytics_workspace_id,
                msi_auth_for_monitoring_enabled=True,
            ),
            monitor_metrics=KubernetesClusterMonitorMetrics(),
            key_vault_secrets_provider=KubernetesClusterKeyVaultSecretsProvider(
                secret_rotation_enabled=True, secret_rotation_interval="2m"
            ),
            storage_profile=KubernetesClusterStorageProfile(
                blob_driver_enabled=env.airflow.scratch_volume
            ),
            workload_autoscaler_profile=_keda(env),
            auto_scaler_profile=KubernetesClusterAutoScalerProfile(
                balance_similar_node_groups=True,
                expander="least-waste",
                max_node_provisioning_time=f"{NODE_MINUTES}m",
                # Azure's 600 would kill a worker in the middle of what its pod's grace allows
                max_graceful_termination_sec=str(WORKER_GRACE_SECONDS),
            ),
            default_node_pool=_system_pool(settings, nodes_subnet_id, tags),
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=[
                    "default_node_pool[0].node_count",
                    *(["kubernetes_version"] if settings.upgrade_channel in MINOR_CHANNELS else []),
                    # AKS adds addresses of its own, and each plan would take them away again; later
                    # exceptions reach the nodes by hand (`exceptions` of environments/proxy.py)
                    *(["http_proxy_config[0].no_proxy"] if env.network.proxy else []),
                ]
            ),
            **place.at,
        )
        # what AKS does unless it is asked; azurerm 5 wants it said
        manual = {"mode": "Manual", "default_node_pools": "Auto"}
        set_beyond_bindings(self.cluster, node_provisioning_profile=[manual])
        self.id = self.cluster.id
        # public, but the provider calls all of kube_config sensitive
        credentials = self.cluster.kube_config.get(0)
        self.host = Fn.nonsensitive(credentials.host)
        self.ca_certificate = Fn.nonsensitive(credentials.cluster_ca_certificate)


def _key_management(key_id: str | None) -> KubernetesClusterKeyManagementService | None:
    if not key_id:
        return None
    return KubernetesClusterKeyManagementService(
        key_vault_key_id=key_id, key_vault_network_access="Private"
    )


def _entra(env: Environment) -> KubernetesClusterAzureActiveDirectoryRoleBasedAccessControl:
    return KubernetesClusterAzureActiveDirectoryRoleBasedAccessControl(
        azure_rbac_enabled=True,
        admin_group_object_ids=list(env.kubernetes.admin_group_object_ids),
        tenant_id=env.tenant_id,
    )


def _keda(env: Environment) -> KubernetesClusterWorkloadAutoscalerProfile | None:
    # azurerm reads a profile with everything off back as none, and plans it for ever
    if not env.airflow.runs_workers:
        return None
    return KubernetesClusterWorkloadAutoscalerProfile(keda_enabled=True)


def _system_pool(
    settings: Kubernetes, subnet_id: str, tags: Mapping[str, str]
) -> KubernetesClusterDefaultNodePool:
    return KubernetesClusterDefaultNodePool(
        name="system",
        vnet_subnet_id=subnet_id,
        only_critical_addons_enabled=True,
        temporary_name_for_rotation=rotation_name("system"),
        upgrade_settings=KubernetesClusterDefaultNodePoolUpgradeSettings(
            max_surge="33%",
            drain_timeout_in_minutes=DRAIN_MINUTES,
            node_soak_duration_in_minutes=SOAK_MINUTES,
            undrainable_node_behavior=UNDRAINABLE,
        ),
        orchestrator_version=pool_version(settings),
        tags=tags,  # those of the cluster do not reach the machines of its pools
        **common_settings(settings.system_pool),
    )


def _proxy(network: Network) -> KubernetesClusterHttpProxyConfig | None:
    if network.proxy is None:
        return None
    own = (network.address_space, network.pod_cidr, network.service_cidr)
    return KubernetesClusterHttpProxyConfig(
        http_proxy=network.proxy.url,
        https_proxy=network.proxy.url,
        no_proxy=[*map(str, own), *WITHOUT_PROXY, *network.proxy.exceptions],
    )


def _network(network: Network) -> KubernetesClusterNetworkProfile:
    by_nat = network.egress == "nat"
    return KubernetesClusterNetworkProfile(
        network_plugin="azure",
        network_plugin_mode="overlay",
        network_data_plane="cilium",
        network_policy="cilium",
        load_balancer_sku="standard",
        outbound_type="userAssignedNATGateway" if by_nat else "userDefinedRouting",
        pod_cidr=str(network.pod_cidr),
        service_cidr=str(network.service_cidr),
        dns_service_ip=str(network.service_cidr[10]),
    )


def _window(env: Environment) -> dict[str, Any]:
    """Return when upgrades may run, in UTC.

    (learn.microsoft.com: "Use planned maintenance to schedule and control upgrades for AKS")
    """
    return {
        "frequency": "Weekly",
        "interval": 1,
        "day_of_week": weekday(env.upgrades_begin),
        "start_time": f"{env.upgrades_begin:%H:%M}",
        "utc_offset": "+00:00",
        "duration": env.kubernetes.maintenance.hours,
    }
