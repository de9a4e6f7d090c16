"""Which charts are installed, in which version, and where: the one place that pins them."""

from dataclasses import dataclass

from conventions.service_accounts import (
    AIRFLOW_NAMESPACE,
    CERT_MANAGER_NAMESPACE,
    INGRESS_NAMESPACE,
)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of a public repository; its release bears the same name."""

    name: str
    repository: str
    version: str
    namespace: str
    sha256: str | None = None  # of the package; None where nobody has read it yet


# Airflow's version is the image's (images/airflow/requirements.in); the chart only has to know it.
AIRFLOW_VERSION = "3.3.2"
AIRFLOW = Chart(
    name="airflow",
    repository="https://airflow.apache.org",
    version="1.22.0",
    sha256="1f7d1dfe3d58e2c54899950aba907a43625a18c8b6fb3c54760c21592129a5b6",
    namespace=AIRFLOW_NAMESPACE,
)
NGINX = Chart(
    name="nginx-ingress",
    repository="oci://ghcr.io/nginx/charts",
    version="2.7.1",
    namespace=INGRESS_NAMESPACE,
)
CERT_MANAGER = Chart(
    name="cert-manager",
    repository="https://charts.jetstack.io",
    version="v1.20.3",
    namespace=CERT_MANAGER_NAMESPACE,
)
CHARTS = (AIRFLOW, NGINX, CERT_MANAGER)
