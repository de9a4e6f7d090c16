"""What nobody has reviewed runs on agents of its own, and signs in as nobody who can write."""

from typing import Any

import pytest
import yaml

from tests import ROOT
from tests.pipelines.agents import BUILD, DEPLOY, PLAN, UNTRUSTED, foreign_text, violations
from tools.pipeline_yaml.conditions import RUNS, UNREVIEWED, holds, jobs_of
from tools.pipeline_yaml.expand import expand

PIPELINES = sorted((ROOT / "pipelines").glob("*.yml"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BOOTSTRAP = ROOT / "docs" / "how-to" / "bootstrap.md"
ONLY_MAIN = "eq(variables['Build.SourceBranch'], 'refs/heads/main')"
NO_PULL_REQUEST = "ne(variables['Build.Reason'], 'PullRequest')"


def pipeline(
    *, pool: str, connection: str = "", condition: str = "succeeded()", **job: Any
) -> dict[str, Any]:
    """Return a pipeline of one job, after a stage that always runs."""
    sign_in = {"task": "AzureCLI@2", "inputs": {"azureSubscription": connection}}
    work = {"job": "work", "pool": {"name": pool}, "steps": [sign_in], **job}
    first = {"stage": "first", "jobs": []}
    return {"stages": [first, {"stage": "second", "condition": condition, "jobs": [work]}]}


@pytest.mark.parametrize("file", PIPELINES, ids=lambda file: file.name)
def test_a_pipeline_keeps_agents_and_connections_apart(file: Any) -> None:
    assert violations(expand(file)) == []


@pytest.mark.parametrize("file", PIPELINES, ids=lambda file: file.name)
def test_nobody_else_writes_into_the_scripts_of_a_pipeline(file: Any) -> None:
    assert foreign_text(file) == []


@pytest.mark.parametrize("pool", [PLAN, BUILD, DEPLOY])
def test_a_pull_request_on_the_agents_of_what_is_merged_is_found(pool: str) -> None:
    found = violations(pipeline(pool=pool, environment="airflow-dev"))

    assert f"second/work: pull request: what nobody has reviewed runs on {pool}" in found


@pytest.mark.parametrize("condition", [f"and(succeeded(), {NO_PULL_REQUEST})", "always()"])
def test_a_branch_that_somebody_starts_is_not_reviewed_either(condition: str) -> None:
    found = violations(pipeline(pool=PLAN, condition=condition))

    said = "second/work: somebody starts a branch: what nobody has reviewed runs on airflow-plan"
    assert said in found


@pytest.mark.parametrize("connection", ["airflow-dev", "airflow-dags-sales", "airflow-prod-plan"])
def test_a_pull_request_that_signs_in_as_more_than_it_may_is_found(connection: str) -> None:
    found = violations(pipeline(pool=UNTRUSTED, connection=connection))

    assert f"second/work: pull request signs in as {connection}, which is for what is merged" in (
        found
    )


def test_a_fork_that_signs_in_is_found() -> None:
    found = violations(pipeline(pool=UNTRUSTED, connection="airflow-dev-review"))

    assert found == ["second/work: pull request of a fork signs in as airflow-dev-review"]


def test_a_connection_that_nobody_knows_is_found_in_the_input_of_any_task() -> None:
    job = pipeline(pool=UNTRUSTED)
    job["stages"][1]["jobs"][0]["steps"][0] = {
        "task": "Notation@0",
        "inputs": {"azurekvServiceConection": "sign-everything"},
    }

    assert "second/work: sign-everything on airflow-untrusted" in violations(job)


def test_a_deployer_among_the_agents_of_builds_is_found() -> None:
    found = violations(pipeline(pool=BUILD, connection="airflow-prod", condition=ONLY_MAIN))

    assert found == ["second/work: airflow-prod on airflow-build"]


def test_a_deployment_that_nobody_can_stop_is_found() -> None:
    found = violations(pipeline(pool=DEPLOY, connection="airflow-prod", condition=ONLY_MAIN))

    assert found == [
        "second/work: on airflow-deploy without an environment, where approvals are",
    ]


def test_a_deployment_that_takes_what_a_build_may_have_kept_is_found() -> None:
    job = pipeline(pool=DEPLOY, condition=ONLY_MAIN, environment="airflow-dev")
    job["stages"][1]["jobs"][0]["steps"][0] = {"task": "Cache@2"}

    found = violations(job)

    assert "second/work: merge takes what a job of another kind may have kept (Cache@2)" in found


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_no_run_of_main_on_github_takes_anything_from_a_cache(workflow: Any) -> None:
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    caches = [step for job in jobs for step in job["steps"] if "cache" in step.get("uses", "")]

    assert {step.get("if") for step in caches} <= {"github.event_name == 'pull_request'"}


def test_a_stage_that_waits_for_one_that_does_not_run_does_not_run() -> None:
    waiting = pipeline(pool=DEPLOY, environment="airflow-dev")
    waiting["stages"][0]["condition"] = ONLY_MAIN

    reached = {run.name for run in RUNS if any(jobs_of(waiting, run))}

    assert not reached & {run.name for run in UNREVIEWED}


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ("", True),
        ("succeeded()", True),
        (ONLY_MAIN, False),
        (f"not({ONLY_MAIN})", True),
        ("in(variables['Build.Reason'], 'Manual', 'PullRequest')", True),
        (
            "or(failed(), startsWith(variables['Build.SourceBranch'], 'REFS/PULL'))",
            True,
        ),
    ],
)
def test_conditions_mean_what_azure_devops_says(condition: str, runs: bool) -> None:
    (pull_request,) = [run for run in RUNS if run.name == "pull request"]

    assert holds(condition or "true", pull_request) is runs


@pytest.mark.parametrize("pool", [UNTRUSTED, PLAN, BUILD, DEPLOY])
def test_the_bootstrap_page_makes_the_pool(pool: str) -> None:
    assert f"| `{pool}` |" in BOOTSTRAP.read_text()
