"""Kubernetes service accounts by workload: Entra trusts exactly these names, letter by letter."""

AIRFLOW_NAMESPACE = "airflow"
CERT_MANAGER_NAMESPACE = "cert-manager"
INGRESS_NAMESPACE = "ingress-nginx"

# role of the identity -> namespace, service account
SERVICE_ACCOUNTS = {
    "api_server": (AIRFLOW_NAMESPACE, "airflow-api-server"),
    "scheduler": (AIRFLOW_NAMESPACE, "airflow-scheduler"),
    "dag_processor": (AIRFLOW_NAMESPACE, "airflow-dag-processor"),
    "triggerer": (AIRFLOW_NAMESPACE, "airflow-triggerer"),
    "worker": (AIRFLOW_NAMESPACE, "airflow-worker"),
    "migrations": (AIRFLOW_NAMESPACE, "airflow-migrate-database-job"),
}
CERTIFICATE_ACCOUNTS = {
    "letsencrypt": (CERT_MANAGER_NAMESPACE, "cert-manager"),
    "key_vault": (INGRESS_NAMESPACE, "nginx-ingress"),
}

KEDA_ACCOUNT = ("kube-system", "keda-operator")  # of AKS's add-on


def subject(namespace: str, account: str) -> str:
    """Return the subject of the tokens of a service account."""
    return f"system:serviceaccount:{namespace}:{account}"
