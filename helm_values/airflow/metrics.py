"""Metrics: from StatsD by the chart's exporter to Azure Monitor's managed Prometheus."""

from helm_values.charts import AIRFLOW
from helm_values.cluster.pod_monitor import pod_monitor
from helm_values.merge import Values
from observability.metrics import AIRFLOW_CONFIG, EXPORTER_MAPPINGS


def metric_values() -> Values:
    """Return what Airflow sends, and how the exporter names it."""
    return {
        "config": {"metrics": AIRFLOW_CONFIG},
        "statsd": {"overrideMappings": EXPORTER_MAPPINGS},
    }


def airflow_monitor() -> Values:
    """Return what makes managed Prometheus read the exporter."""
    pods = {"tier": "airflow", "component": "statsd"}
    return pod_monitor("airflow-statsd", AIRFLOW.namespace, pods, port="statsd-scrape")
