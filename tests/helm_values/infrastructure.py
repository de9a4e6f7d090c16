"""What the other stacks would tell the values of the charts."""

from conventions.components import COMPONENTS, WorkloadIdentity
from helm_values.infrastructure import Infrastructure

INFRASTRUCTURE = Infrastructure(
    registry_login_server="crairflowdev.azurecr.io",
    postgres_host="psql-airflow-dev.postgres.database.azure.com",
    airflow_database="airflow",
    warehouse_database="warehouse",
    storage_account_name="stairflowdev",
    storage_resource_group_name="rg-airflow-dev-data",
    key_vault_name="kvairflowdev",
    dag_vault_name="kvdsairflowdev",
    team_vault_names={"sales-data": "kvteairflowdev"},
    sso_client_id="99999999-9999-4999-8999-999999999999",
    certificate_client_id="90000000-0000-4000-8000-000000000000",
    identities={
        component: WorkloadIdentity(
            id=f"/identities/{component.name}",
            client_id=f"{number}0000000-0000-4000-8000-000000000000",
            name=f"id-airflow-dev-{component.name.replace('_', '-')}",
        )
        for number, component in enumerate(COMPONENTS, start=1)
    },
)
