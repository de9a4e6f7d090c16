"""What a team's pipeline may do in the container that Airflow reads DAGs from."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from environments.model import Environment
from tests.environment_files import DEV, tables
from tests.fixtures import read_json
from tests.synthesizing import synthesize_to

PIPELINE = {
    "pipeline_issuer": "https://login.microsoftonline.com/22222222-2222-4222-8222-222222222222/v2.0",
    "pipeline_subject": "/eid1/c/pub/t/abc/a/def/sc/42",
}


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The identity stack with one team that uploads, and one that does not."""
    values, folder = tables(DEV), tmp_path_factory.mktemp("teams")
    values["teams"] = {"sales-data": PIPELINE, "finance": {}}
    synthesize_to(folder, Environment.model_validate(values))
    return read_json(folder / "stacks" / "identity-dev" / "cdk.tf.json")["resource"]


def test_the_role_is_on_the_container_with_a_condition(identity: Any) -> None:
    grant = identity["azurerm_role_assignment"]["team_sales_data_writes_its_folder"]

    assert grant["role_definition_name"] == "Storage Blob Data Contributor"
    assert grant["scope"].endswith("outputs.dags_container_id}")
    assert grant["condition_version"] == "2.0"


@pytest.mark.parametrize("action", ["read", "write", "add/action", "delete", "move/action"])
def test_an_action_is_allowed_below_the_team_s_folder_alone(identity: Any, action: str) -> None:
    grant = identity["azurerm_role_assignment"]["team_sales_data_writes_its_folder"]
    first, _, _ = grant["condition"].partition(" AND ((")

    assert f"containers/blobs/{action}'}}" in first
    assert first.endswith("containers/blobs:path] StringLike 'sales-data/*'))")


def test_a_listing_has_to_name_the_team_s_folder(identity: Any) -> None:
    grant = identity["azurerm_role_assignment"]["team_sales_data_writes_its_folder"]
    _, _, second = grant["condition"].partition(" AND ((")

    assert "SubOperationMatches{'Blob.List'}" in second
    assert second.endswith("containers/blobs:prefix] StringStartsWith 'sales-data/'))")


def test_nobody_may_write_where_nobody_reads(tmp_path: Path) -> None:
    values = tables(DEV)
    values["teams"] = {"sales-data": PIPELINE}
    values["airflow"]["dags"] = "image"
    synthesize_to(tmp_path, Environment.model_validate(values))

    identity = read_json(tmp_path / "stacks" / "identity-dev" / "cdk.tf.json")["resource"]

    assert not [name for name in identity["azurerm_user_assigned_identity"] if "team" in name]


def test_entra_trusts_the_pipeline_s_tokens_for_it(identity: Any) -> None:
    (found,) = identity["azurerm_federated_identity_credential"].values()

    assert (found["issuer"], found["subject"]) == tuple(PIPELINE.values())
    assert found["user_assigned_identity_id"] == (
        "${azurerm_user_assigned_identity.team_sales_data_identity.id}"
    )


def test_a_team_without_a_pipeline_has_no_identity(identity: Any) -> None:
    assert not [name for name in identity["azurerm_user_assigned_identity"] if "finance" in name]


@pytest.mark.parametrize("given", PIPELINE)
def test_half_of_a_pipeline_is_refused(dev_values: dict[str, Any], given: str) -> None:
    dev_values["teams"] = {"sales-data": {given: PIPELINE[given]}}

    with pytest.raises(ValidationError, match="Entra trusts the two together"):
        Environment.model_validate(dev_values)
