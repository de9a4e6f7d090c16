"""What the other stacks made, as far as a chart has to name it: ids and names, never a secret."""

from collections.abc import Mapping
from dataclasses import dataclass

from conventions.components import Component, WorkloadIdentity


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
    dag_vault_name: str
    team_vault_names: Mapping[str, str]
    sso_client_id: str
    certificate_client_id: str
    identities: Mapping[Component, WorkloadIdentity]
