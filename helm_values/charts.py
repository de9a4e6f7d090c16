"""Which charts are installed, in which version, and where: the one place that pins them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of a public repository; its release bears the same name."""

    name: str
    repository: str
    version: str
    namespace: str


# Airflow's version is the image's (images/airflow/requirements.in); the chart only has to know it.
AIRFLOW_VERSION = "3.3.2"
AIRFLOW = Chart(
    name="airflow",
    repository="https://airflow.apache.org",
    version="1.22.0",
    namespace="airflow",
)
NGINX = Chart(
    name="nginx-ingress",
    repository="oci://ghcr.io/nginx/charts",
    version="2.7.1",
    namespace="ingress",
)
CERT_MANAGER = Chart(
    name="cert-manager",
    repository="https://charts.jetstack.io",
    version="v1.20.2",
    namespace="cert-manager",
)
KEDA = Chart(
    name="keda",
    repository="https://kedacore.github.io/charts",
    version="2.20.2",
    namespace="keda",
)
