"""The pipelines of the image and of the DAGs are ones that Azure DevOps accepts."""

import re
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests import ROOT
from tests.pipelines.agents import connections_of
from tests.pipelines.test_pipelines import steps
from tools.pipeline_yaml.expand import expand
from tools.release.__main__ import app

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
    rules = re.findall(r"^([\w./ -]+):", (ROOT / "Makefile").read_text(), re.M)
    targets = {target for rule in rules for target in rule.split()}
    text = (ROOT / "pipelines" / name).read_text()

    called = {
        line.split("make ")[1].split()[-1 if "--silent" in line else 0].strip(')"')
        for line in text.splitlines()
        if "make " in line and "displayName" not in line
    }
    assert called - targets == set()


@pytest.mark.parametrize("name", PIPELINES)
def test_only_what_is_merged_leaves_the_verifying_stage(name: str) -> None:
    verify, first_change, *_ = load(name)["stages"]

    assert "condition" not in verify
    assert "refs/heads/main" in first_change["condition"]


@pytest.mark.parametrize("name", PIPELINES)
def test_no_pipeline_holds_a_key(name: str) -> None:
    text = (ROOT / "pipelines" / name).read_text()

    assert not [word for word in ("--account-key", "--password", "admin-enabled") if word in text]


def jobs() -> dict[str, Any]:
    """Return the jobs of the image's pipeline, templates expanded."""
    pipeline = expand(ROOT / "pipelines" / "image.yml")
    return {
        job.get("job") or job["deployment"]: job
        for stage in pipeline["stages"]
        for job in stage["jobs"]
    }


def test_production_gets_the_digest_that_was_built() -> None:
    (copy,) = [step for step in steps(jobs()["promote"]) if step.get("task") == "AzureCLI@2"]
    (built,) = [step for step in steps(jobs()["build"]) if step.get("task") == "AzureCLI@2"]

    assert built["name"] == "image"
    assert jobs()["promote"]["variables"]["image"] == (
        "$[ stageDependencies.build.build.outputs['image.image'] ]"
    )
    assert copy["env"] == {"IMAGE": "$(image)"}
    assert 'tools.release promote "$IMAGE" --environment prod' in copy["inputs"]["inlineScript"]


def test_the_job_that_runs_other_people_s_set_up_code_cannot_sign() -> None:
    assert connections_of(jobs()["build"]) == {"airflow-build"}
    assert connections_of(jobs()["sign"]) == {"airflow-sign"}


def test_every_command_of_a_release_exists() -> None:
    text = (ROOT / "pipelines" / "image.yml").read_text()
    text += (ROOT / "pipelines" / "check-image.sh").read_text()
    called = set(re.findall(r"tools[.]release (\w+)", text))
    known = {command.callback.__name__ for command in app.registered_commands if command.callback}

    assert called == {"build", "check", "login", "mirror", "promote"}
    assert called <= known


def test_the_entry_point_takes_every_command_that_starts_in_the_image() -> None:
    """Apache's starts bash and python, and takes every other word for a command of airflow."""
    pipeline = (ROOT / "pipelines" / "image.yml").read_text()
    makefile = (ROOT / "templates" / "dag-repository" / "Makefile.jinja").read_text()

    started = re.findall(r'docker run --rm "\$IMAGE" (\w+)', pipeline)
    started += re.findall(r"\$\(IN_IMAGE\) (\w+)", makefile)
    assert len(started) > 6
    assert set(started) <= {"airflow", "bash", "python"}
