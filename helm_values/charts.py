"""Which charts are installed, in which version, and where: the one place that pins them."""

from collections.abc import Sequence
from dataclasses import dataclass

from conventions.service_accounts import (
    AIRFLOW_NAMESPACE,
    CERT_MANAGER_NAMESPACE,
    INGRESS_NAMESPACE,
    MIGRATIONS_NAMESPACE,
    TASKS_NAMESPACE,
)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of a public repository; its release bears the same name."""

    name: str
    repository: str
    version: str
    namespace: str
    sha256: str | None = None  # of the package; None where nobody has read it yet
    images: tuple[
        str, ...
    ] = ()  # public repositories of its pods' images, as the chart spells them


# Airflow's version is the image's (images/airflow/requirements.in); the chart only has to know it.
AIRFLOW_VERSION = "3.3.2"
AIRFLOW = Chart(
    name="airflow",
    repository="https://airflow.apache.org",
    version="1.22.0",
    sha256="1f7d1dfe3d58e2c54899950aba907a43625a18c8b6fb3c54760c21592129a5b6",
    namespace=AIRFLOW_NAMESPACE,
    images=("quay.io/prometheus/statsd-exporter", "redis"),
)
NGINX = Chart(
    name="nginx-ingress",
    repository="oci://ghcr.io/nginx/charts",
    version="2.7.1",
    namespace=INGRESS_NAMESPACE,
    images=("nginx/nginx-ingress",),
)
CERT_MANAGER = Chart(
    name="cert-manager",
    repository="https://charts.jetstack.io",
    version="v1.20.3",
    namespace=CERT_MANAGER_NAMESPACE,
    images=tuple(
        f"quay.io/jetstack/cert-manager-{part}"
        for part in ("controller", "webhook", "cainjector", "startupapicheck")
    ),
)
CHARTS = (AIRFLOW, NGINX, CERT_MANAGER)


def allowed_images(registry: str) -> dict[str, str]:
    """Return which images may run in each of our namespaces, as regular expressions.

    Our own registry's everywhere, and beside them exactly the repositories of a namespace's chart.
    A dot stands in brackets: a backslash would have to survive JSON, Terraform and Azure.

    Args:
        registry: our registry's host, such as `crairflowdev.azurecr.io`.
    """
    allowed = {chart.namespace: _images(registry, chart.images) for chart in CHARTS}
    own = dict.fromkeys((MIGRATIONS_NAMESPACE, TASKS_NAMESPACE), _images(registry))
    return allowed | own


def _images(registry: str, repositories: Sequence[str] = ()) -> str:
    literal = [name.replace(".", "[.]") for name in (registry, *repositories)]
    patterns = [f"{literal[0]}/.+", *(f"{name}[:@].+" for name in literal[1:])]
    return f"^({'|'.join(patterns)})$"
