"""Alert rules: PromQL on the cluster and Airflow, thresholds on Azure's own metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_azurerm.monitor_alert_prometheus_rule_group import (
    MonitorAlertPrometheusRuleGroup,
    MonitorAlertPrometheusRuleGroupRule,
    MonitorAlertPrometheusRuleGroupRuleAction,
    MonitorAlertPrometheusRuleGroupRuleAlertResolution,
)
from cdktf_cdktf_provider_azurerm.monitor_metric_alert import (
    MonitorMetricAlert,
    MonitorMetricAlertAction,
    MonitorMetricAlertCriteria,
)
from constructs import Construct

from constructs_lib.place import Place


@dataclass(frozen=True, kw_only=True)
class PrometheusAlert:
    """Fires when `expression` has held for `minutes`; severity 0 is the worst, 4 the least."""

    name: str
    expression: str
    minutes: int
    severity: int
    summary: str


CLUSTER_ALERTS = (
    PrometheusAlert(
        name="NodeNotReady",
        expression='kube_node_status_condition{condition="Ready",status="true"} == 0',
        minutes=15,
        severity=2,
        summary="A node has not been ready for 15 minutes",
    ),
    PrometheusAlert(
        name="PodCrashLooping",
        expression=(
            'max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m])'
            " >= 1"
        ),
        minutes=15,
        severity=2,
        summary="A container starts and fails again and again",
    ),
    PrometheusAlert(
        name="PodNotScheduled",
        expression='sum by (namespace, pod) (kube_pod_status_phase{phase="Pending"}) > 0',
        minutes=30,
        severity=3,
        summary="A pod has waited 30 minutes for a node: is a pool at its maximum?",
    ),
    PrometheusAlert(
        name="NodeDiskFilling",
        expression=(
            'node_filesystem_avail_bytes{fstype!="tmpfs"} / node_filesystem_size_bytes < 0.1'
        ),
        minutes=15,
        severity=2,
        summary="A node has less than a tenth of its disk left",
    ),
)


class PrometheusAlerts(Construct):
    """A group of alert rules on a cluster's metrics (Azure takes 20 rules a group)."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        metrics_id: str,
        cluster_name: str,
        action_group_id: str,
        alerts: Sequence[PrometheusAlert],
    ) -> None:
        super().__init__(scope, construct_id)
        MonitorAlertPrometheusRuleGroup(
            self,
            "Default",
            name=place.names.of("prg", construct_id.replace("_", "-")),
            cluster_name=cluster_name,
            scopes=[metrics_id],
            interval="PT1M",
            rule_group_enabled=True,
            rule=[
                MonitorAlertPrometheusRuleGroupRule(
                    alert=alert.name,
                    expression=alert.expression,
                    for_=f"PT{alert.minutes}M",
                    severity=alert.severity,
                    enabled=True,
                    annotations={"summary": alert.summary},
                    action=[
                        MonitorAlertPrometheusRuleGroupRuleAction(action_group_id=action_group_id)
                    ],
                    alert_resolution=MonitorAlertPrometheusRuleGroupRuleAlertResolution(
                        auto_resolved=True, time_to_resolve="PT10M"
                    ),
                )
                for alert in alerts
            ],
            **place.at,
        )


POSTGRES_THRESHOLDS = {
    # metric of Microsoft.DBforPostgreSQL/flexibleServers -> percent, averaged over 15 minutes
    "cpu_percent": 85,
    "memory_percent": 90,
    "storage_percent": 85,
}


def postgres_alerts(
    scope: Construct, *, place: Place, server_id: str, action_group_id: str
) -> None:
    """Watch the database server: processor, memory and disk."""
    for metric, percent in POSTGRES_THRESHOLDS.items():
        MonitorMetricAlert(
            scope,
            f"postgres_{metric}",
            name=place.names.of("alert", f"postgres-{metric.replace('_', '-')}"),
            description=f"{metric} of the database server above {percent} for 15 minutes",
            resource_group_name=place.resource_group_name,
            scopes=[server_id],
            severity=2,
            frequency="PT5M",
            window_size="PT15M",
            criteria=[
                MonitorMetricAlertCriteria(
                    metric_namespace="Microsoft.DBforPostgreSQL/flexibleServers",
                    metric_name=metric,
                    aggregation="Average",
                    operator="GreaterThan",
                    threshold=percent,
                )
            ],
            action=[MonitorMetricAlertAction(action_group_id=action_group_id)],
        )
