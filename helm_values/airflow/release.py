"""Values of the official Airflow chart, put together from its topics."""

from environments.model import Environment
from helm_values.airflow.access import access_values
from helm_values.airflow.connections import connection_values
from helm_values.airflow.dag_secrets import dag_secret_values
from helm_values.airflow.dags import dag_values
from helm_values.airflow.database import database_values
from helm_values.airflow.executor import executor_values
from helm_values.airflow.images import image_values
from helm_values.airflow.logs import log_values
from helm_values.airflow.metrics import metric_values
from helm_values.airflow.migrations import migration_values
from helm_values.airflow.network_policies import network_values
from helm_values.airflow.placement import node_values
from helm_values.airflow.pods import pod_values
from helm_values.airflow.probes import probe_values
from helm_values.airflow.scheduling import scheduling_values
from helm_values.airflow.scratch_volume import scratch_values
from helm_values.airflow.secrets import secret_values
from helm_values.airflow.settings import setting_values
from helm_values.airflow.sign_in import sign_in_values
from helm_values.infrastructure import Infrastructure
from helm_values.ingress.certificate import ingress_secret
from helm_values.ingress.host import ingress_values
from helm_values.merge import Values, merged, overlaid


def airflow_values(env: Environment, infra: Infrastructure) -> Values:
    """Return what differs from the chart's defaults; no value is a secret.

    Values of the company's own come last; the policy gate looks at what the chart makes of all.

    The order of two topics matters where both add variables to a component: Kubernetes puts a
    variable into another only if it stands before it.

    Raises:
        ValueError: two topics set the same key.
    """
    return overlaid(_values(env, infra), env.airflow.chart_values)


def _values(env: Environment, infra: Infrastructure) -> Values:
    return merged(
        image_values(env.airflow, infra),
        node_values(env),
        pod_values(env, infra),
        probe_values(),
        access_values(),
        database_values(env, infra),
        migration_values(),
        secret_values(env.airflow),
        dag_secret_values(infra),
        executor_values(env),
        log_values(),
        metric_values(),
        dag_values(env),
        scheduling_values(env.airflow),
        setting_values(env.airflow, behind_proxy=env.network.proxy is not None),
        connection_values(env, infra),
        scratch_values(env),
        network_values(),
        {"ingress": ingress_values(host=env.ingress.host, tls_secret=ingress_secret(env))},
        sign_in_values(
            host=env.ingress.host,
            tenant_id=env.tenant_id,
            client_id=infra.sso_client_id,
            support_contact=env.tags.owner,
            session_minutes=env.single_sign_on.session_minutes,
            client_secret=env.single_sign_on.client_secret,
            role_names=env.single_sign_on.role_names,
        ),
    )
