"""The pipelines of the image and of the DAGs are ones that Azure DevOps accepts."""

from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.real_parts import ROOT

PIPELINES = ["image.yml", "dags.yml"]


def load(name: str) -> Any:
    # every scalar is a string for Azure Pipelines and for its schema
    return yaml.load((ROOT / "pipelines" / name).read_text(), yaml.BaseLoader)


@pytest.mark.parametrize("name", PIPELINES)
def test_azure_devops_accepts_the_pipeline(name: str, pipelines_schema: Any) -> None:
    errors = [error.message for error in Draft7Validator(pipelines_schema).iter_errors(load(name))]
    assert errors == []


@pytest.mark.parametrize("name", PIPELINES)
def test_every_make_target_that_a_pipeline_calls_exists(name: str) -> None:
    targets = (ROOT / "Makefile").read_text()
    text = (ROOT / "pipelines" / name).read_text()

    called = {
        line.split("make ")[1].split()[-1 if "--silent" in line else 0].strip(')"')
        for line in text.splitlines()
        if "make " in line and "displayName" not in line
    }
    assert {target for target in called if target not in targets} == set()


@pytest.mark.parametrize("name", PIPELINES)
def test_only_what_is_merged_leaves_the_verifying_stage(name: str) -> None:
    verify, first_change, *_ = load(name)["stages"]

    assert "condition" not in verify
    assert "refs/heads/main" in first_change["condition"]


@pytest.mark.parametrize("name", PIPELINES)
def test_no_pipeline_holds_a_key(name: str) -> None:
    text = (ROOT / "pipelines" / name).read_text()

    assert not [word for word in ("--account-key", "--password", "admin-enabled") if word in text]


def test_production_gets_the_digest_that_was_built() -> None:
    build, promote = load("image.yml")["stages"][1:]
    script = promote["jobs"][0]["strategy"]["runOnce"]["deploy"]["steps"][0]["inputs"]

    assert "isOutput=true]$digest" in build["jobs"][0]["steps"][0]["inputs"]["inlineScript"]
    assert '$(repository)@$(digest)"' in script["inlineScript"]
