"""What Azure Monitor's managed Prometheus reads."""

from helm_values.merge import Values


def pod_monitor(name: str, namespace: str, labels: dict[str, str], *, port: str) -> Values:
    """Return what makes managed Prometheus read the metrics of pods with these labels."""
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
