"""The order in which pods are pushed off a full node."""

# Kubernetes makes it ("Guaranteed Scheduling For Critical Add-On Pods"): above Airflow's own.
CLUSTER_SERVICE = "system-cluster-critical"

CORE = 100_000
"""Airflow's components: above every task."""
