"""What watches over an environment: metrics, alerts, and where the logs of each resource go.

The diagnostics of network and data stand in the platform stack too: the workspace is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from constructs import Construct

from constructs_lib.aks_cluster import AksCluster
from constructs_lib.alerts import (
    PrometheusRules,
    add_backup_alerts,
    add_metric_alert,
    add_service_health_alert,
    alert_rule,
    recording_rule,
    silence_asleep,
)
from constructs_lib.container_insights import collect_container_logs
from constructs_lib.observability import Diagnosed, Observability, send_diagnostics
from constructs_lib.place import Place
from environments.facts import max_connections
from environments.model import Environment
from observability.alerts import (
    MetricAlert,
    celery_alerts,
    database_alerts,
    prometheus_alerts,
)
from observability.cluster import CLUSTER_ALERTS
from observability.egress import EGRESS_ALERTS
from observability.recording import kubernetes_recordings, node_recordings
from stacks.contracts import DataOutputs, NetworkOutputs

CONTROL_PLANE_LOGS = (  # kube-audit-admin leaves out reads, the bulk of kube-audit
    "kube-apiserver",
    "kube-audit-admin",
    "kube-controller-manager",
    "kube-scheduler",
    "cluster-autoscaler",
    "cloud-controller-manager",
    "guard",
)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What there is to watch: the stacks before, and what the platform stack made."""

    network: NetworkOutputs
    data: DataOutputs
    cluster: AksCluster
    registry_id: str | None
    backup_vault_id: str
    backup_account_id: str
    flow_log_account_id: str | None


def watch(
    scope: Construct, watched: Watched, *, env: Environment, place: Place, by: Observability
) -> None:
    """Collect the cluster's metrics and logs, alert on them, and keep every resource's logs."""
    by.scrape(watched.cluster.id)
    collect_container_logs(scope, place=place, cluster_id=watched.cluster.id, logs=by.logs)
    of_airflow = prometheus_alerts()
    if env.airflow.runs_workers:
        of_airflow += celery_alerts()
    alerting = partial(
        alert_rule, action_group_ids=by.action_group_ids, runbooks=env.monitoring.runbooks
    )
    groups = {
        "cluster_alerts": [*map(alerting, CLUSTER_ALERTS)],
        "airflow_alerts": [*map(alerting, of_airflow)],
    }
    if by.grafana_id:  # its built-in boards draw them, and nothing else does
        groups["node_recordings"] = [*map(recording_rule, node_recordings())]
        groups["kubernetes_recordings"] = [*map(recording_rule, kubernetes_recordings())]
    for role, rules in groups.items():
        PrometheusRules(
            scope,
            role,
            place=by.metrics_place,
            metrics_id=by.metrics_id,
            cluster_name=watched.cluster.cluster.name,
            rules=rules,
        )
    for resource_id, alert in _metric_alerts(watched, env):
        add_metric_alert(
            scope,
            alert,
            place=place,
            resource_id=resource_id,
            action_group_ids=by.action_group_ids,
            runbooks=env.monitoring.runbooks,
        )
    add_service_health_alert(
        scope,
        place=place,
        subscription_id=env.subscription_id,
        action_group_ids=by.action_group_ids,
        runbooks=env.monitoring.runbooks,
    )
    add_backup_alerts(
        scope,
        place=place,
        vault_id=watched.backup_vault_id,
        action_group_ids=by.action_group_ids,
        runbooks=env.monitoring.runbooks,
    )
    if env.hibernation:
        silence_asleep(
            scope,
            place=place,
            hibernation=env.hibernation,
            scopes=[place.resource_group_id, watched.data.postgres_server_id],
        )
    for diagnosed in _diagnosed(watched, env, by):
        send_diagnostics(scope, diagnosed, workspace_id=by.logs.id)


def _metric_alerts(watched: Watched, env: Environment) -> Iterator[tuple[str, MetricAlert]]:
    gateway_id = watched.network.nat_gateway_id
    if env.network.egress == "nat" and gateway_id:
        for alert in EGRESS_ALERTS:
            yield gateway_id, alert
    for alert in database_alerts(max_connections=max_connections(env.postgres.sku_name)):
        yield watched.data.postgres_server_id, alert


def _diagnosed(watched: Watched, env: Environment, by: Observability) -> Iterator[Diagnosed]:
    network, data = watched.network, watched.data
    if env.kubernetes.etcd_key and data.etcd_vault_id:
        yield Diagnosed(role="etcd_vault", resource_id=data.etcd_vault_id)
    for role, resource_id in (
        # the logs of another team's network are its own, as its security groups' are
        *([] if env.network.given else [("virtual_network", network.virtual_network_id)]),
        *([] if env.key_vault.given_id else [("key_vault", data.key_vault_id)]),
        ("dag_vault", data.dag_vault.id),
        *((f"{t.replace('-', '_')}_vault", vault.id) for t, vault in data.team_vaults.items()),
        ("postgres", data.postgres_server_id),
        *([("registry", watched.registry_id)] if watched.registry_id else []),
        *([] if env.monitoring.given_workspace else [("log_analytics", by.logs.id)]),
        *([("grafana", by.grafana_id)] if by.grafana_id else []),
    ):
        yield Diagnosed(role=role, resource_id=resource_id)
    for role, group_id in (
        ("aks_nodes_security_group", network.aks_nodes_security_group_id),
        ("aks_api_server_security_group", network.aks_api_server_security_group_id),
        ("postgres_security_group", network.postgres_security_group_id),
        ("private_endpoints_security_group", network.private_endpoints_security_group_id),
    ):
        if group_id:
            yield Diagnosed(role=role, resource_id=group_id, metrics=())
    for role, account_id in (
        ("data_lake", data.storage_account_id),
        ("backup_storage", watched.backup_account_id),
        ("flow_log_storage", watched.flow_log_account_id),
    ):
        if account_id:
            blobs = f"{account_id}/blobServices/default"
            yield Diagnosed(role=role, resource_id=blobs, metrics=["Transaction"])
    # Backup reports read dedicated tables only
    backup_id = watched.backup_vault_id
    yield Diagnosed(role="backup_vault", resource_id=backup_id, metrics=(), dedicated=True)
    yield Diagnosed(
        role="aks", resource_id=watched.cluster.id, logs=CONTROL_PLANE_LOGS, dedicated=True
    )
