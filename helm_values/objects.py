"""What the releases need in the cluster beside their charts, as Kubernetes objects."""

from typing import Literal

from environments.model import Environment
from helm_values.certificate import certificate_prerequisites
from helm_values.charts import AIRFLOW, NGINX
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values
from helm_values.metrics import airflow_monitor
from helm_values.network import network_policies
from helm_values.scratch import scratch_objects
from helm_values.secrets import secret_provider_classes


def prerequisites(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return what must be there before the releases: namespaces, and what pods refer to."""
    return [
        namespace(AIRFLOW.namespace, "restricted"),
        namespace(NGINX.namespace, "baseline"),
        *network_policies(env),
        *secret_provider_classes(env, infra),
        *scratch_objects(env, infra),
        airflow_monitor(),
        *certificate_prerequisites(env, infra),
    ]


def namespace(name: str, level: Literal["baseline", "restricted"]) -> Values:
    """Return a namespace that refuses pods with more rights than its level of security allows.

    The levels are those of Kubernetes' "Pod Security Standards".
    """
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": level}},
    }
