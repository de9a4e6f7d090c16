"""What a release needs in the cluster beside its chart, as Kubernetes objects."""

from environments.model import Environment
from helm_values.charts import AIRFLOW
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values
from helm_values.network import network_policies
from helm_values.scratch import scratch_objects
from helm_values.secrets import secret_provider_classes


def prerequisites(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return what must be there before Airflow: its namespace, and what its pods refer to."""
    return [
        namespace(AIRFLOW.namespace),
        *network_policies(env),
        *secret_provider_classes(env, infra),
        *scratch_objects(env, infra),
    ]


def namespace(name: str) -> Values:
    """Return a namespace that refuses pods with more rights than they need.

    "restricted" is the strictest of Kubernetes' "Pod Security Standards".
    """
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": labels},
    }
