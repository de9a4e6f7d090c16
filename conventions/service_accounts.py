"""Kubernetes namespaces and service accounts: Entra trusts exactly these names."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

AIRFLOW_NAMESPACE = "airflow"
MIGRATIONS_NAMESPACE = "airflow-migrations"
TASKS_NAMESPACE = "airflow-tasks"  # where the pods of KubernetesPodOperator start
CERT_MANAGER_NAMESPACE = "cert-manager"
INGRESS_NAMESPACE = "ingress-nginx"
OWN_NAMESPACES = (
    AIRFLOW_NAMESPACE,
    MIGRATIONS_NAMESPACE,
    TASKS_NAMESPACE,
    CERT_MANAGER_NAMESPACE,
    INGRESS_NAMESPACE,
)
SYSTEM_NAMESPACE = "kube-system"
# of AKS, and of its extensions for Azure Policy and backups: their pods are Microsoft's
MICROSOFTS_NAMESPACES = (SYSTEM_NAMESPACE, "gatekeeper-system", "dataprotection-microsoft")


class ServiceAccount(NamedTuple):
    """A service account of the cluster."""

    namespace: str
    name: str

    @property
    def subject(self) -> str:
        """The subject of its tokens, which a federated credential names letter by letter."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"


# Whoever fetches the certificate of Airflow's host: cert-manager, or NGINX by the CSI driver.
CERTIFICATE_ACCOUNTS: Mapping[Literal["letsencrypt", "key_vault"], ServiceAccount] = {
    "letsencrypt": ServiceAccount(CERT_MANAGER_NAMESPACE, "cert-manager"),
    "key_vault": ServiceAccount(INGRESS_NAMESPACE, "nginx-ingress"),
}
KEDA_ACCOUNT = ServiceAccount(SYSTEM_NAMESPACE, "keda-operator")  # of AKS's add-on
