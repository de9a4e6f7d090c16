"""Azure DevOps takes the pipelines, and they deploy what was reviewed, in order, as nobody else."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from conventions.stack_names import STACKS
from tests import ROOT
from tools.pipeline_yaml.expand import expand

FOLDER = ROOT / "pipelines"
NAMES = [
    "azure-pipelines.yml",
    "audit.yml",
    "destroy.yml",
    "drift.yml",
    "hibernation.yml",
    "product.yml",
    "restore-drill.yml",
]  # those of image and DAGs: tests/images
FILES = [*(FOLDER / name for name in NAMES), *sorted((FOLDER / "templates").glob("*.yml"))]
ENVIRONMENTS = ["dev", "prod"]  # those of the pipelines, in the order of their deployment


@pytest.fixture(scope="module")
def schema(pipelines_schema: Any) -> Draft7Validator:
    return Draft7Validator(pipelines_schema)


def jobs(name: str = NAMES[0]) -> dict[str, Any]:
    """Return every job of a pipeline by `stage/job`."""
    return {
        f"{stage['stage']}/{job.get('job') or job['deployment']}": job
        for stage in expand(FOLDER / name)["stages"]
        for job in stage["jobs"]
    }


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        job["steps"] if "steps" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
    )
    return found


def signed_in(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the steps of a job that sign in to Azure."""
    yield from (step for step in steps(job) if step.get("task") == "AzureCLI@2")


SIGNED_IN = {
    f"{name} {place} {step['displayName']}": step
    for name in NAMES
    for place, job in jobs(name).items()
    for step in signed_in(job)
}


@pytest.mark.parametrize("name", NAMES)
def test_azure_devops_accepts_the_pipeline(schema: Draft7Validator, name: str) -> None:
    errors = [error.message for error in schema.iter_errors(expand(FOLDER / name))]

    assert errors == []


def test_the_schema_refuses_a_misspelt_key(schema: Draft7Validator) -> None:
    assert not schema.is_valid({**expand(FOLDER / NAMES[0]), "stagess": []})


def test_the_schema_refuses_a_misspelt_input_of_a_task(schema: Draft7Validator) -> None:
    pipeline = expand(FOLDER / "drift.yml")
    step = next(signed_in(pipeline["stages"][0]["jobs"][0]))
    step["inputs"]["keepAzSessionAlive"] = True

    assert not schema.is_valid(pipeline)


def test_every_template_is_used() -> None:
    named = {
        Path(found).name
        for file in FILES
        for found in re.findall(r"template: (\S+)", file.read_text())
    }

    assert {file.name for file in (FOLDER / "templates").iterdir()} == named


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_pipeline_names_no_secret(file: Path) -> None:
    text = file.read_text().lower()

    assert not [word for word in ("client_secret", "password", "access_key") if word in text]


@pytest.mark.parametrize("name", NAMES)
def test_every_job_ends_in_time(name: str) -> None:
    endless = [place for place, job in jobs(name).items() if "timeoutInMinutes" not in job]

    assert endless == []


@pytest.mark.parametrize("place", SIGNED_IN)
def test_a_sign_in_outlives_the_ten_minutes_of_its_token(place: str) -> None:
    step = SIGNED_IN[place]

    assert step["inputs"]["keepAzSessionActive"] is True  # az, and kubelogin by it
    assert step["inputs"]["scriptPath"] == "pipelines/signed-in.sh"  # Terraform
    assert step["env"].keys() == {"SYSTEM_ACCESSTOKEN", "SYSTEM_OIDCREQUESTURI"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_main_is_planned_and_deployed(environment: str) -> None:
    stages = {stage["stage"]: stage for stage in expand(FOLDER / NAMES[0])["stages"]}

    for name in (f"plan_{environment}", f"deploy_{environment}"):
        assert "eq(variables['Build.SourceBranch'], 'refs/heads/main')" in stages[name]["condition"]
        assert "ne(variables['Build.Reason'], 'PullRequest')" in stages[name]["condition"]


def test_prod_is_planned_once_dev_is_deployed_and_deployed_once_its_plan_is_there() -> None:
    after = {
        stage["stage"]: stage.get("dependsOn") for stage in expand(FOLDER / NAMES[0])["stages"]
    }

    assert after["plan_dev"] == "verify"
    assert after["deploy_dev"] == "plan_dev"
    assert after["plan_prod"] == "deploy_dev"
    assert after["deploy_prod"] == "plan_prod"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_stacks_are_deployed_in_order_each_by_a_step_of_its_own(environment: str) -> None:
    commands = [
        step["inputs"]["arguments"].split()
        for step in signed_in(jobs()[f"deploy_{environment}/deploy"])
    ]

    again = [".venv/bin/python", "-m", "tools.operations.late_answers"]
    begins = [*again, "npx", "cdktf", "deploy"]
    deployed = [words[6] for words in commands if words[:6] == begins]
    assert deployed == [f"{stack}-{environment}" for stack in STACKS]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_image_is_checked_once_its_registry_is_there_and_before_airflow(
    environment: str,
) -> None:
    commands = [s["inputs"]["arguments"] for s in signed_in(jobs()[f"deploy_{environment}/deploy"])]

    at = commands.index(f"pipelines/check-image.sh {environment}")
    assert f"deploy platform-{environment} " in commands[at - 1]
    assert f"deploy airflow-{environment} " in commands[at + 1]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_deployment_ends_with_a_look_at_the_page_and_a_run(environment: str) -> None:
    *_, look, run = steps(jobs()[f"deploy_{environment}/deploy"])

    assert f"tools.smoke --environment {environment} " in look["script"]
    assert run["inputs"]["arguments"] == f"pipelines/run-smoke.sh {environment}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_was_tested_is_deployed_and_nothing_is_synthesized_anew(environment: str) -> None:
    deploy = jobs()[f"deploy_{environment}/deploy"]
    published = {step.get("artifact") for step in steps(jobs()["verify/verify"])}
    downloaded = {step.get("artifact") for step in steps(deploy)}
    cdktf = [s for s in signed_in(deploy) if "cdktf" in s["inputs"]["arguments"]]

    assert "cdktf.out" in published & downloaded
    assert all("--skip-synth" in step["inputs"]["arguments"] for step in cdktf)
    assert not [step for step in steps(deploy) if "make synth" in step.get("script", "")]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_deployment_begins_by_comparing_with_the_approved_plan(environment: str) -> None:
    deploy = jobs()[f"deploy_{environment}/deploy"]
    first = next(signed_in(deploy))

    assert (
        '--reviewed "$(Pipeline.Workspace)/$(planArtifact)/plan.json"'
        in (first["inputs"]["arguments"])
    )
    assert (
        f"stageDependencies.plan_{environment}.plan.outputs['plan.artifact']"
        in (deploy["variables"]["planArtifact"])
    )
    assert [s["artifact"] for s in steps(deploy) if "$(planArtifact)" in str(s.get("artifact"))]


def test_an_environment_of_azure_devops_stands_before_each_deployment() -> None:
    found = [job["environment"] for job in jobs().values() if "deployment" in job]

    assert found == [f"airflow-{name}" for name in ENVIRONMENTS]


def test_vulnerabilities_of_every_lock_are_looked_for_at_night() -> None:
    pipeline = expand(FOLDER / "audit.yml")
    scripts = [step.get("script") for step in steps(jobs("audit.yml")["audit/audit"])]

    assert pipeline["schedules"][0]["always"] == "true"
    assert "make audit" in scripts


def test_drift_of_every_environment_is_looked_for_at_night_and_fails() -> None:
    pipeline = expand(FOLDER / "drift.yml")
    commands = [s["inputs"]["arguments"] for j in jobs("drift.yml").values() for s in signed_in(j)]

    assert pipeline["schedules"][0]["always"] == "true"
    assert all("--expect-none" in command for command in commands)
    assert [command.split()[4] for command in commands] == ENVIRONMENTS


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_make_target_that_a_pipeline_calls_exists(file: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    called = re.findall(r"(?:script: |&& )make ([a-z-]+)", file.read_text())

    assert [target for target in called if not re.search(f"^{target}:", makefile, re.M)] == []


def run_signed_in(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the script as the task does; `az` only tells the subscription."""
    az = folder / "az"
    az.write_text("#!/bin/sh\necho 11111111-1111-4111-8111-111111111111\n")
    az.chmod(0o755)
    return subprocess.run(
        [FOLDER / "signed-in.sh", "env"],
        env={"PATH": f"{folder}:{os.environ['PATH']}", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_terraform_signs_in_as_the_connection_of_the_task(tmp_path: Path) -> None:
    done = run_signed_in(
        tmp_path,
        servicePrincipalId="client",
        tenantId="tenant",
        AZURESUBSCRIPTION_SERVICE_CONNECTION_ID="connection",
    )

    assert {
        "ARM_CLIENT_ID=client",
        "ARM_TENANT_ID=tenant",
        "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID=connection",
        "ARM_USE_OIDC=true",
        "ARM_SUBSCRIPTION_ID=11111111-1111-4111-8111-111111111111",
    } <= set(done.stdout.split())


def test_a_task_that_does_not_pass_its_identity_is_told_so(tmp_path: Path) -> None:
    done = run_signed_in(tmp_path)

    assert done.returncode != 0
    assert "addSpnToEnvironment: true is missing" in done.stderr


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("name", ["destroy.yml", "hibernation.yml", "restore-drill.yml"])
def test_what_touches_a_whole_environment_waits_for_its_approval(
    name: str, environment: str
) -> None:
    (stage,) = expand(FOLDER / name, environment=environment)["stages"]
    (job,) = stage["jobs"]

    assert (job["environment"], job["pool"]["name"]) == (f"airflow-{environment}", "airflow-deploy")
    (step,) = signed_in(job)
    assert step["inputs"]["azureSubscription"] == f"airflow-{environment}"


def test_an_environment_is_destroyed_by_hand_only_and_never_by_default() -> None:
    pipeline = expand(FOLDER / "destroy.yml")

    assert (pipeline["trigger"], "schedules" in pipeline) == ("none", False)
    (stage,) = pipeline["stages"]
    assert "eq(variables['Build.Reason'], 'Manual')" in stage["condition"]
    assert stage["jobs"][0]["variables"]["DESTROY_WORD"] != "destroy dev"
