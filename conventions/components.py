"""The components of Airflow, and the identity that each of them runs as."""

from dataclasses import dataclass

from conventions.service_accounts import AIRFLOW_NAMESPACE, MIGRATIONS_NAMESPACE, ServiceAccount


@dataclass(frozen=True, kw_only=True)
class Component:
    """A component of Airflow under its name in each system.

    Attributes:
        name: in Terraform, a part of state addresses and output names.
        label: value of the pods' label `component`, set by the chart.
        chart_key: table of the component in the chart's values.
        service_account: what its pods run as.
    """

    name: str
    label: str
    chart_key: str
    service_account: ServiceAccount

    @property
    def provider_class(self) -> str:
        """Name of the SecretProviderClass that brings its secrets, and no other component's."""
        return f"airflow-{self.label}"


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentity:
    """A user-assigned identity that a service account becomes.

    Attributes:
        id: Azure's resource id, which a federated credential is attached to.
        client_id: GUID that the service account is annotated with.
        name: Azure's name of it, and the role that it has in the database.
    """

    id: str
    client_id: str
    name: str


def _component(
    name: str, label: str, chart_key: str, account: str, namespace: str = AIRFLOW_NAMESPACE
) -> Component:
    return Component(
        name=name,
        label=label,
        chart_key=chart_key,
        service_account=ServiceAccount(namespace, account),
    )


API_SERVER = _component("api_server", "api-server", "apiServer", "airflow-api-server")
SCHEDULER = _component("scheduler", "scheduler", "scheduler", "airflow-scheduler")
DAG_PROCESSOR = _component(
    "dag_processor", "dag-processor", "dagProcessor", "airflow-dag-processor"
)
TRIGGERER = _component("triggerer", "triggerer", "triggerer", "airflow-triggerer")
WORKER = _component("worker", "worker", "workers", "airflow-worker")
MIGRATIONS = _component(
    "migrations", "migrations", "migrateDatabaseJob", "airflow-migrations", MIGRATIONS_NAMESPACE
)

LONG_RUNNING = (API_SERVER, SCHEDULER, DAG_PROCESSOR, TRIGGERER)
COMPONENTS = (*LONG_RUNNING, WORKER, MIGRATIONS)
