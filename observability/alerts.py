"""Alerts: Prometheus rules, and alerts on the database's platform metrics.

Pure data for `azurerm_monitor_alert_prometheus_rule_group` and `azurerm_monitor_metric_alert`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# Airflow 3 does not send task.queued_duration, and a KubernetesExecutor counts a pending pod as
# running. By Little's law the mean wait is the length of the queue over the rate of starts.
MEAN_WAIT_SECONDS = (
    "sum(avg_over_time(airflow_pool_queued_slots[15m])) / sum(rate(airflow_ti_start[15m]))"
)

LONGEST_WAIT_MINUTES = 10  # in the queue, on average
CERTIFICATE_DAYS = 14  # before its end
SHARE_OF_CONNECTIONS = 0.8


def runbook(page: str, published: str | None) -> str:
    """Return the words that lead to a page.

    Args:
        page: from the documentation's first folder, without an ending.
        published: address of the published documentation; None names the file.
    """
    return f"Runbook: {published}/{page}.html" if published else f"Runbook: docs/{page}.md"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """What an alert says to whom it wakes.

    Severity is Azure Monitor's: 0 critical, 1 error, 2 warning, 3 informational, 4 verbose.
    """

    name: str
    severity: int
    summary: str
    action: str

    @property
    def page(self) -> str:
        """The page about it, from the documentation's first folder, without an ending."""
        words = re.sub(r"(?<!^)(?=[A-Z])", "-", self.name).lower()
        return f"how-to/operate/alerts/{words}"

    @property
    def runbook(self) -> str:
        """The page about it, in the project's repository."""
        return f"docs/{self.page}.md"

    def remedy(self, published: str | None) -> str:
        """Return what to do first, and where the rest is written.

        Args:
            published: address of the published documentation; None names the file.
        """
        return f"{self.action} {runbook(self.page, published)}"


@dataclass(frozen=True, kw_only=True)
class PrometheusAlert(Alert):
    """A rule of a managed Prometheus rule group.

    Raises:
        ValueError: severity 0, which the provider does not send: Azure takes the mildest instead,
            and every later plan wants to change it (hashicorp/terraform-provider-azurerm#27403).
    """

    expression: str
    for_minutes: int

    def __post_init__(self) -> None:
        if self.severity == 0:
            raise ValueError(
                f"{self.name}: severity = 0: the provider drops it and Azure takes 4, the mildest"
                "; allowed: 1 to 4; fix: set 1"
            )


@dataclass(frozen=True, kw_only=True)
class MetricAlert(Alert):
    """A rule on a metric that Azure itself measures."""

    metric_namespace: str
    metric_name: str
    aggregation: str
    operator: str
    threshold: float
    dimensions: Mapping[str, str] = field(default_factory=dict)


def prometheus_alerts() -> tuple[PrometheusAlert, ...]:
    """Return the rules on what Airflow and cert-manager report."""
    return (
        *(_silent(component) for component in ("scheduler", "dag_processor", "triggerer")),
        PrometheusAlert(
            name="AirflowUnavailable",
            # the API server serves the pages, NGINX leads to it
            expression="sum by (namespace, deployment) (kube_deployment_status_replicas_available{"
            'deployment=~"airflow-api-server|nginx-ingress-controller"}) == 0',
            for_minutes=5,
            severity=1,
            summary="Airflow does not open: no API server, or no NGINX, has been ready for 5 "
            "minutes.",
            action="kubectl get pods in the namespace that is named, then describe the one that "
            "is not ready.",
        ),
        PrometheusAlert(
            name="DagImportErrors",
            expression="max(airflow_dag_processing_import_errors) > 0",
            for_minutes=10,
            severity=2,
            summary="One or more DAG files cannot be parsed; their DAGs keep their last version.",
            action="See the errors at the top of the Dags page, or `airflow dags "
            "list-import-errors`; correct or remove the file in the DAG container.",
        ),
        PrometheusAlert(
            name="DagsNotUpdating",
            expression="sum by (bundle_name) (increase(airflow_dag_bundle_sync_failures[15m])) > 0 "
            "unless sum by (bundle_name) (increase(airflow_dag_bundle_syncs[15m])) > 0",
            for_minutes=5,
            severity=2,
            summary="DAGs that are uploaded do not reach Airflow; it goes on with the last ones.",
            action="The DAG processor's log names the container and the reason: storage away, a "
            "missing role, an unsafe file name, or a limit of the bundle.",
        ),
        PrometheusAlert(
            name="TaskQueueDelayHigh",
            expression=f"{MEAN_WAIT_SECONDS} > {60 * LONGEST_WAIT_MINUTES}",
            for_minutes=5,
            severity=2,
            summary=f"Tasks wait over {LONGEST_WAIT_MINUTES} minutes in the queue on average.",
            action="Look for pending worker pods (node pool at its maximum, spot nodes evicted, "
            "image pull), full pools, or a parallelism that is too low.",
        ),
        PrometheusAlert(
            name="QueuedTasksNotStarting",
            expression="sum(airflow_pool_queued_slots) > 0 "
            "unless sum(rate(airflow_ti_start[15m])) > 0",
            for_minutes=15,
            severity=1,
            summary="Tasks are queued, and none has started for 15 minutes.",
            action="Describe the pending worker pods: quota, image, identity, network policy.",
        ),
        PrometheusAlert(
            name="TaskHeartbeatLost",
            expression="sum(increase(airflow_task_instances_without_heartbeats_killed[30m])) > 0",
            for_minutes=0,
            severity=2,
            summary="Running tasks went silent and were ended by the scheduler.",
            action="Look for evicted or out-of-memory worker pods, and for an API server that "
            "did not answer.",
        ),
        PrometheusAlert(
            name="CertificateExpiring",
            expression="min by (exported_namespace, name) "
            "(certmanager_certificate_expiration_timestamp_seconds) - time() "
            f"< {86400 * CERTIFICATE_DAYS}",
            for_minutes=60,
            severity=1,
            summary=f"A certificate ends in under {CERTIFICATE_DAYS} days and was not renewed.",
            action="Describe the Certificate and its Orders: the DNS-01 identity may have lost its "
            "role on the zone.",
        ),
    )


def celery_alerts() -> tuple[PrometheusAlert, ...]:
    """Return the rule on Celery's queue and workers, for environments that have them.

    Beside the KubernetesExecutor the rules on queued tasks may miss it: pods start all the time.
    """
    return (
        PrometheusAlert(
            name="CeleryUnavailable",
            expression="sum by (namespace, deployment) (kube_deployment_status_replicas_available{"
            'deployment="airflow-worker-celery"}) == 0 or sum by (namespace, statefulset) '
            '(kube_statefulset_status_replicas_ready{statefulset="airflow-redis"}) == 0',
            for_minutes=10,
            severity=1,
            summary="Tasks of Celery do not start: no worker, or no Redis, has been ready for 10 "
            "minutes.",
            action="kubectl get pods -l worker-set=celery, then -l component=redis, and describe "
            "the one that is not ready.",
        ),
    )


def _silent(component: str) -> PrometheusAlert:
    heartbeat = f"airflow_{component}_heartbeat"
    return PrometheusAlert(
        name="".join(part.capitalize() for part in component.split("_")) + "HeartbeatMissing",
        # the exporter goes on showing a counter that nobody raises any more, until it restarts
        expression=f"sum(rate({heartbeat}[5m])) == 0 or absent_over_time({heartbeat}[5m])",
        for_minutes=5,
        severity=1,
        summary=f"No {component.replace('_', ' ')} has sent a heartbeat for 5 minutes.",
        action=f"kubectl get pods -l component={component.replace('_', '-')}, then their logs; if "
        "all three heartbeats are missing, look at the StatsD exporter and the scrape first.",
    )


def database_alerts(*, max_connections: int) -> tuple[MetricAlert, ...]:
    """Return the rules on the Flexible Server, which Azure Monitor measures and Prometheus not.

    Args:
        max_connections: the server parameter; its default depends on the SKU's memory ("Limits in
            Azure Database for PostgreSQL").
    """
    server = "Microsoft.DBforPostgreSQL/flexibleServers"
    return (
        MetricAlert(
            name="DatabaseConnectionsExhausted",
            metric_namespace=server,
            metric_name="active_connections",
            aggregation="Maximum",
            operator="GreaterThan",
            threshold=float(round(max_connections * SHARE_OF_CONNECTIONS)),
            severity=1,
            summary=f"Over {SHARE_OF_CONNECTIONS:.0%} of {max_connections} connections are in use.",
            action="Turn PgBouncer on, lower sql_alchemy_pool_size and max_overflow, or choose a "
            "larger SKU.",
        ),
        MetricAlert(
            name="DatabaseDiskFilling",
            metric_namespace=server,
            metric_name="storage_percent",
            aggregation="Maximum",
            operator="GreaterThan",
            threshold=85.0,
            severity=1,
            summary="Over 85 % of the database's storage is in use; at 95 % it turns read-only.",
            action="Run `airflow db clean`, or raise the storage: it cannot shrink again.",
        ),
        MetricAlert(
            name="DatabaseDown",
            metric_namespace=server,
            metric_name="is_db_alive",
            aggregation="Maximum",
            operator="LessThan",
            threshold=1.0,
            severity=0,
            summary="The database server does not answer.",
            action="See Resource health of the server; a zone failover takes one to two minutes.",
        ),
    )
