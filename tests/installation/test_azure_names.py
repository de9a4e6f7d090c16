"""Pipelines learn what Azure calls a part from the synthesized stacks."""

from pathlib import Path

import pytest

from synthesis.reader import Synthesis, SynthesisError
from tools.azure_names import Part, azure_name


@pytest.mark.parametrize(
    ("environment", "part", "begins"),
    [("dev", Part.DATA_LAKE, "stairflowdev"), ("prod", Part.REGISTRY, "crairflowprod")],
)
def test_the_name_is_that_of_the_environment(
    synthesized: Path, environment: str, part: Part, begins: str
) -> None:
    name = azure_name(Synthesis.load(synthesized), environment, part)

    assert name.startswith(begins)
    assert len(name) == len(begins) + 6  # a hash, so that it is unique in all of Azure


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (Part.CLUSTER, "aks-airflow-dev"),
        (Part.CLUSTER_GROUP, "rg-airflow-dev-platform"),
        (Part.DATA_GROUP, "rg-airflow-dev-data"),
    ],
)
def test_names_of_groups_and_the_cluster_have_no_hash(
    synthesized: Path, part: Part, name: str
) -> None:
    assert azure_name(Synthesis.load(synthesized), "dev", part) == name


def test_an_environment_that_is_not_there_is_refused_with_those_that_are(
    synthesized: Path,
) -> None:
    with pytest.raises(SynthesisError, match="dev, prod"):
        azure_name(Synthesis.load(synthesized), "test", Part.REGISTRY)


def test_a_registry_of_another_team_has_the_name_that_its_owner_gave(synthesized: Path) -> None:
    everything = Synthesis.load(synthesized)
    platform = everything.select("dev", "platform").stacks[-1]
    del platform.document["resource"]["azurerm_container_registry"]
    platform.document["output"]["registry_login_server"]["value"] = "crcompany.azurecr.io"

    assert azure_name(everything, "dev", Part.REGISTRY) == "crcompany"
