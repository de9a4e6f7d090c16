"""Labels of nodes and pods, and annotations, that two sides of the cluster read."""

from typing import NamedTuple


class Label(NamedTuple):
    """A Kubernetes label with its value."""

    key: str
    value: str


# Ours, on every worker node: the pool's name in the environment file. AKS's own label is another
# one while azurerm rotates a pool: its machines are then in a pool of a temporary name.
NODE_POOL = "airflow/pool"
# AKS writes it on every spot node ("Use labels in AKS"), and taints them by it.
SPOT = Label("kubernetes.azure.com/scalesetpriority", "spot")
SPOT_TAINT = f"{SPOT.key}={SPOT.value}:NoSchedule"
WORKER_NODES = Label("airflow/role", "worker")  # ours, set in the environment file

# Workload identity's webhook reads both ("Use a Microsoft Entra Workload ID on AKS").
USES_WORKLOAD_IDENTITY = Label("azure.workload.identity/use", "true")
CLIENT_ID_ANNOTATION = "azure.workload.identity/client-id"
