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


@dataclass(frozen=True)
class ChartImage:
    """A public image of a chart's pods."""

    repository: str
    """As the chart spells it."""
    values: str
    """Where it stands in the chart's values, as `controller.image`."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of a public repository; its release has the same name."""

    name: str
    repository: str
    version: str
    namespace: str
    sha256: str | None = None  # of the package; None where nobody has read it yet
    images: tuple[ChartImage, ...] = ()


# Airflow's version is the image's (images/airflow/requirements.in); the chart only has to know it.
AIRFLOW_VERSION = "3.3.2"
AIRFLOW = Chart(
    name="airflow",
    repository="https://airflow.apache.org",
    version="1.22.0",
    sha256="1f7d1dfe3d58e2c54899950aba907a43625a18c8b6fb3c54760c21592129a5b6",
    namespace=AIRFLOW_NAMESPACE,
    images=(
        ChartImage("quay.io/prometheus/statsd-exporter", "images.statsd"),
        ChartImage("redis", "images.redis"),
    ),
)
NGINX = Chart(
    name="nginx-ingress",
    repository="oci://ghcr.io/nginx/charts",
    version="2.7.1",
    namespace=INGRESS_NAMESPACE,
    images=(ChartImage("nginx/nginx-ingress", "controller.image"),),
)
CERT_MANAGER = Chart(
    name="cert-manager",
    repository="https://charts.jetstack.io",
    version="v1.20.3",
    namespace=CERT_MANAGER_NAMESPACE,
    images=(
        ChartImage("quay.io/jetstack/cert-manager-controller", "image"),
        *(
            ChartImage(f"quay.io/jetstack/cert-manager-{part}", f"{part}.image")
            for part in ("webhook", "cainjector", "startupapicheck")
        ),
    ),
)
CHARTS = (AIRFLOW, NGINX, CERT_MANAGER)


def allowed_images(registry: str, *, mirrored: bool = False) -> dict[str, str]:
    """Return which images may run in each of our namespaces, as regular expressions.

    Our own registry's everywhere, and beside them exactly the repositories of a namespace's chart,
    unless they are copied to our registry. A dot stands in brackets: a backslash would have to
    survive JSON, Terraform and Azure.

    Args:
        registry: our registry's host, such as `crairflowdev.azurecr.io`.
        mirrored: whether charts take their images from our registry, too.
    """
    allowed = {
        chart.namespace: _images(registry, () if mirrored else chart.images) for chart in CHARTS
    }
    own = dict.fromkeys((MIGRATIONS_NAMESPACE, TASKS_NAMESPACE), _images(registry))
    return allowed | own


def _images(registry: str, images: Sequence[ChartImage] = ()) -> str:
    literal = [name.replace(".", "[.]") for name in (registry, *(i.repository for i in images))]
    patterns = [f"{literal[0]}/.+", *(f"{name}[:@].+" for name in literal[1:])]
    return f"^({'|'.join(patterns)})$"
