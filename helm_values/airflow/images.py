"""Which image every Airflow pod runs."""

from environments.airflow import Airflow
from helm_values.charts import AIRFLOW_VERSION
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values


def image(airflow: Airflow, infra: Infrastructure) -> str:
    """Return the image of pods beside the chart."""
    return f"{_repository(airflow, infra)}:{_tag(airflow)}"


def image_values(airflow: Airflow, infra: Infrastructure) -> Values:
    """Return the image, as the chart's default.

    `images.airflow` would leave the pod template of the KubernetesExecutor with Apache's image, and
    the chart's own key for a digest never reaches it: so the default itself is ours, and the digest
    stands in the tag. Kubernetes then fetches by digest, and the tag is there for people.
    """
    return {
        "airflowVersion": AIRFLOW_VERSION,
        "defaultAirflowRepository": _repository(airflow, infra),
        "defaultAirflowTag": _tag(airflow),
    }


def _tag(airflow: Airflow) -> str:
    return "@".join(filter(None, (airflow.image_tag, airflow.image_digest)))


def _repository(airflow: Airflow, infra: Infrastructure) -> str:
    return f"{infra.registry_login_server}/{airflow.image_repository}"
