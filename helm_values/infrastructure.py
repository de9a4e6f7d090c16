"""What the other stacks made, as far as a chart has to name it: ids and names, never a secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Component = Literal["api_server", "scheduler", "dag_processor", "triggerer", "worker", "migrations"]
COMPONENTS: tuple[Component, ...] = get_args(Component)

# The component's part of the chart's values, and its `component` label and service account.
CHART_KEYS: Mapping[Component, str] = {
    "api_server": "apiServer",
    "scheduler": "scheduler",
    "dag_processor": "dagProcessor",
    "triggerer": "triggerer",
    "migrations": "migrateDatabaseJob",
}
LABELS: Mapping[Component, str] = {
    "api_server": "api-server",
    "scheduler": "scheduler",
    "dag_processor": "dag-processor",
    "triggerer": "triggerer",
    "worker": "worker",
    "migrations": "run-airflow-migrations",
}
LONG_RUNNING: tuple[Component, ...] = ("api_server", "scheduler", "dag_processor", "triggerer")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A user-assigned identity; its name is also the role that it has in the database."""

    client_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Infrastructure:
    """Names and ids of one environment's Azure resources."""

    registry_login_server: str
    postgres_host: str
    airflow_database: str
    warehouse_database: str
    storage_account_name: str
    storage_resource_group_name: str
    key_vault_name: str
    sso_client_id: str
    certificate_client_id: str
    identities: Mapping[Component, Identity]
