"""Values of the official Airflow chart, put together from its topics."""

from environments.model import Environment
from helm_values.certificate import ingress_secret
from helm_values.connections import connection_values
from helm_values.dags import dag_values
from helm_values.database import database_values
from helm_values.executor import executor_values
from helm_values.images import image_values
from helm_values.infrastructure import Infrastructure
from helm_values.ingress import ingress_values
from helm_values.logs import log_values
from helm_values.merge import Values, merged
from helm_values.metrics import metric_values
from helm_values.network import network_values
from helm_values.nodes import node_values
from helm_values.pods import pod_values
from helm_values.scratch import scratch_values
from helm_values.secrets import secret_values
from helm_values.sign_in import sign_in_values


def airflow_values(env: Environment, infra: Infrastructure) -> Values:
    """Return what differs from the chart's defaults; no value is a secret.

    The order of two topics matters where both add variables to a component: Kubernetes puts a
    variable into another only if it stands before it.

    Raises:
        ValueError: two topics set the same key.
    """
    return merged(
        image_values(env.airflow, infra),
        node_values(env),
        pod_values(env, infra),
        database_values(env, infra),
        secret_values(env.airflow),
        executor_values(env),
        log_values(),
        metric_values(),
        dag_values(env.airflow),
        connection_values(env, infra),
        scratch_values(env),
        network_values(),
        {"ingress": ingress_values(host=env.ingress.host, tls_secret=ingress_secret(env))},
        sign_in_values(
            host=env.ingress.host,
            tenant_id=env.tenant_id,
            client_id=infra.sso_client_id,
            support_contact=env.tags.owner,
        ),
    )
