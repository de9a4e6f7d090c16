"""What the releases need in the cluster beside their charts, as Kubernetes objects."""

from conventions.service_accounts import MIGRATIONS_NAMESPACE, TASKS_NAMESPACE
from environments.model import Environment
from helm_values.airflow.access import access_objects
from helm_values.airflow.metrics import airflow_monitor
from helm_values.airflow.migrations import migration_prerequisites
from helm_values.airflow.network_policies import network_policies
from helm_values.airflow.scratch_volume import scratch_objects
from helm_values.airflow.secrets import secret_provider_classes
from helm_values.airflow.warm_nodes import warm_nodes
from helm_values.charts import AIRFLOW, CERT_MANAGER, NGINX
from helm_values.infrastructure import Infrastructure
from helm_values.ingress.certificate import certificate_prerequisites
from helm_values.ingress.controller_access import controller_access
from helm_values.ingress.controller_policies import ingress_policies
from helm_values.merge import Values


def prerequisites(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return what must be there before the releases: namespaces, and what pods refer to."""
    return [
        *(namespace(name) for name in namespaces(env)),
        *access_objects(env),
        *network_policies(env),
        *migration_prerequisites(env, infra),
        *ingress_policies(env),
        *controller_access(env),
        *secret_provider_classes(env, infra),
        *scratch_objects(env, infra),
        *warm_nodes(env, infra),
        airflow_monitor(),
        *certificate_prerequisites(env, infra),
    ]


def namespaces(env: Environment) -> list[str]:
    """Return the namespaces of the releases, of the migrations and of tasks' own pods."""
    with_cert_manager = env.ingress.certificate == "letsencrypt"
    charts = [AIRFLOW, NGINX, *([CERT_MANAGER] if with_cert_manager else [])]
    return [*(chart.namespace for chart in charts), MIGRATIONS_NAMESPACE, TASKS_NAMESPACE]


def namespace(name: str) -> Values:
    """Return a namespace that refuses pods with more rights than the level "restricted" allows.

    The levels are those of Kubernetes' "Pod Security Standards".
    """
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
