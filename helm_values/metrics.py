"""Metrics: from StatsD by the chart's exporter to Azure Monitor's managed Prometheus."""

from helm_values.charts import AIRFLOW, CERT_MANAGER
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
    return _monitor("airflow-statsd", AIRFLOW.namespace, pods, port="statsd-scrape")


def cert_manager_monitor() -> Values:
    """Return what makes managed Prometheus read when certificates end."""
    pods = {"app.kubernetes.io/component": "controller"}
    return _monitor("cert-manager", CERT_MANAGER.namespace, pods, port="http-metrics")


def _monitor(name: str, namespace: str, labels: dict[str, str], *, port: str) -> Values:
    return {
        # Azure's own kind ("Create a Pod or Service Monitor in your AKS cluster"); the one of the
        # Prometheus operator is not read.
        "apiVersion": "azmonitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "podMetricsEndpoints": [{"port": port, "interval": "30s"}],
        },
    }
