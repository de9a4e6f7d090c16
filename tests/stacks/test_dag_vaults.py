"""The vaults of DAGs' secrets: apart from Airflow's keys, and one for each team that wants it."""

from pathlib import Path
from typing import Any

import pytest

from environments.model import Environment
from tests.environment_files import DEV, tables
from tests.fixtures import read_json
from tests.synthesizing import synthesize_to

OWNERS = "55555555-5555-4555-8555-555555555555"
SALES = "aaaaaaaa-5555-4555-8555-555555555555"


@pytest.fixture(scope="module")
def stacks_of_teams(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The stacks of an environment with a team that has a vault, and one that has none."""
    values, folder = tables(DEV), tmp_path_factory.mktemp("teams")
    values["teams"] = {"sales-data": {"secret_owners": [SALES]}, "finance": {}}
    values["airflow"]["secret_owners"] = [OWNERS]
    synthesize_to(folder, Environment.model_validate(values))
    return {
        file.parent.name.removesuffix("-dev"): read_json(file)
        for file in folder.glob("stacks/*/cdk.tf.json")
    }


@pytest.fixture
def data(stacks_of_teams: dict[str, Any]) -> Any:
    """What the data stack makes."""
    return stacks_of_teams["data"]["resource"]


def grants_on(data: Any, vault: str) -> set[tuple[str, str]]:
    return {
        (grant["role_definition_name"], grant["principal_id"])
        for grant in data["azurerm_role_assignment"].values()
        if f"azurerm_key_vault.{vault}.id" in grant["scope"]
    }


def test_each_vault_has_a_name_and_an_endpoint_of_its_own(data: Any) -> None:
    names = [vault["name"] for vault in data["azurerm_key_vault"].values()]
    endpoints = [one["name"] for one in data["azurerm_private_endpoint"].values()]

    assert set(data["azurerm_key_vault"]) == {"key_vault", "dag_vault", "sales_data_vault"}
    assert len(set(names)) == 3
    assert all(len(name) <= 24 for name in names)
    assert len(set(endpoints)) == len(endpoints)


def test_endpoints_have_names_of_their_own_with_a_vault_for_etcd(
    dev_values: dict[str, Any], tmp_path: Path
) -> None:
    dev_values["kubernetes"]["etcd_key"] = True
    synthesize_to(tmp_path, Environment.model_validate(dev_values))

    data = read_json(tmp_path / "stacks" / "data-dev" / "cdk.tf.json")["resource"]

    names = [one["name"] for one in data["azurerm_private_endpoint"].values()]
    assert len(set(names)) == len(names)


def test_its_owners_alone_write_into_a_vault_and_the_deployer_reads_none(data: Any) -> None:
    assert grants_on(data, "dag_vault") == {("Key Vault Secrets Officer", OWNERS)}
    assert grants_on(data, "sales_data_vault") == {("Key Vault Secrets Officer", SALES)}


def test_azure_looks_no_identity_up_where_a_group_is_meant(data: Any) -> None:
    kinds = {
        grant["principal_id"]: grant["principal_type"]
        for grant in data["azurerm_role_assignment"].values()
    }

    assert (kinds[OWNERS], kinds[SALES]) == ("Group", "Group")


def test_two_components_read_the_secrets_of_dags(stacks_of_teams: dict[str, Any]) -> None:
    grants = stacks_of_teams["identity"]["resource"]["azurerm_role_assignment"]

    readers = {
        (name, grant["scope"].rpartition(".outputs.")[2].rstrip("}"))
        for name, grant in grants.items()
        if "dag_vault" in grant["scope"] or "team_vaults" in grant["scope"]
    }
    assert readers == {
        (f"{component}_reads_{secrets}", output)
        for component in ("api_server", "triggerer")
        for secrets, output in (
            ("dag_secrets", "dag_vault_id"),
            ("sales_data_secrets", "team_vaults_sales_data_id"),
        )
    }


def test_airflow_is_told_the_vaults_by_the_names_that_azure_knows(
    stacks_of_teams: dict[str, Any],
) -> None:
    release = str(stacks_of_teams["airflow"]["resource"]["helm_release"]["airflow"])

    assert "outputs.dag_vault_name}" in release
    assert "outputs.team_vaults_sales_data_name}" in release
    published = stacks_of_teams["data"]["output"]
    assert {"dag_vault_name", "team_vaults_sales_data_name"} <= set(published)


def test_reads_of_each_vault_are_logged(stacks_of_teams: dict[str, Any]) -> None:
    settings = stacks_of_teams["platform"]["resource"]["azurerm_monitor_diagnostic_setting"]

    watched = str([setting["target_resource_id"] for setting in settings.values()])
    assert "outputs.dag_vault_id" in watched
    assert "outputs.team_vaults_sales_data_id" in watched


def test_protected_vaults_are_locked(dev_values: dict[str, Any], tmp_path: Path) -> None:
    dev_values["protect_data"] = True
    dev_values["teams"] = {"sales-data": {"secret_owners": [SALES]}}
    synthesize_to(tmp_path, Environment.model_validate(dev_values))

    data = read_json(tmp_path / "stacks" / "data-dev" / "cdk.tf.json")["resource"]

    assert {"dag_vault_lock", "sales_data_vault_lock"} <= set(data["azurerm_management_lock"])
