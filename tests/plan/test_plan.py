"""Plans by the real Terraform, on states of its own, of stacks that need no cloud."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from terraform_runner.binary import find_terraform

from conventions.company import VARIABLE
from synthesis.sources import record
from tests import ROOT
from tests.guard import python_path
from tools.plan.plan_report import Exit, Report
from tools.plan.planning import StackPlan
from tools.rehearsal.data_loss import Loss


class Project:
    """A folder with two synthesized stacks, the second of which reads the state of the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("network", resource={"first": "a"}, output="${terraform_data.first.output}")
        self.write("data", resource={"second": "${data.terraform_remote_state.n.outputs.name}"})
        stacks = {
            f"{name}-dev": {
                "name": f"{name}-dev",
                "synthesizedStackPath": f"stacks/{name}-dev/cdk.tf.json",
                "dependencies": ["network-dev"] if name == "data" else [],
            }
            for name in ("network", "data")
        }
        manifest = folder / "cdktf.out" / "manifest.json"
        manifest.write_text(json.dumps({"stacks": stacks}))
        record(manifest.parent, {})

    def write(self, name: str, *, resource: dict[str, str], output: str = "") -> None:
        """Write a stack with its state in a file."""
        state = {"path": str(self.folder / "{}.tfstate")}
        document: dict[str, Any] = {
            "terraform": {"backend": {"local": {"path": state["path"].format(name)}}},
            "resource": {"terraform_data": {k: {"input": v} for k, v in resource.items()}},
        }
        if name == "data":
            read = {"backend": "local", "config": {"path": state["path"].format("network")}}
            document["data"] = {"terraform_remote_state": {"n": read}}
        if output:
            document["output"] = {"name": {"value": output}}
        folder = self.folder / "cdktf.out" / "stacks" / f"{name}-dev"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cdk.tf.json").write_text(json.dumps(document))

    def plan(
        self, *options: str, variables: Mapping[str, str] = os.environ
    ) -> subprocess.CompletedProcess[str]:
        """Run the tool, as the pipeline does."""
        return subprocess.run(
            [sys.executable, "-m", "tools.plan", "--environment", "dev", *options],
            cwd=self.folder,
            env={**variables, "PYTHONPATH": python_path(ROOT), VARIABLE: str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    def deploy(self, *names: str) -> None:
        """Apply stacks, as `cdktf deploy` does."""
        terraform = find_terraform(self.folder)
        for name in names:
            folder = self.folder / "cdktf.out" / "stacks" / f"{name}-dev"
            for command in (["init"], ["apply", "-auto-approve"]):
                subprocess.run(
                    [terraform, *command, "-input=false"],
                    cwd=folder,
                    check=True,
                    capture_output=True,
                )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "environments").mkdir()
    return Project(tmp_path)


def test_a_first_deployment_is_planned_as_far_as_can_be_known(project: Project) -> None:
    done = project.plan()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "| network-dev | 1 | 0 | 0 | 0 |  |" in done.stdout
    assert "planned once network-dev is deployed" in done.stdout


def test_what_is_deployed_has_no_changes(project: Project) -> None:
    project.deploy("network", "data")

    done = project.plan("--expect-none")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "no changes" in done.stdout


def test_a_plan_changes_no_state(project: Project) -> None:
    project.deploy("network", "data")
    before = (project.folder / "network.tfstate").read_bytes()
    project.write("network", resource={"first": "b"}, output="${terraform_data.first.output}")

    project.plan()

    assert (project.folder / "network.tfstate").read_bytes() == before


def test_no_plan_is_left_behind(project: Project) -> None:
    project.plan()

    assert not list(project.folder.rglob("*.tfplan"))


def test_drift_fails_a_search_for_it(project: Project) -> None:
    project.deploy("network", "data")
    project.write("network", resource={"other": "a"}, output="a")

    done = project.plan("--expect-none")

    assert done.returncode == 4
    assert "- network-dev: delete `terraform_data.first`" in done.stdout


def test_a_deployment_of_what_was_reviewed_goes_on(project: Project) -> None:
    project.plan("--json", "reviewed.json")

    done = project.plan("--reviewed", "reviewed.json")

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_deployment_of_more_than_was_reviewed_is_refused(project: Project) -> None:
    project.deploy("network", "data")
    project.plan("--json", "reviewed.json")
    project.write("network", resource={"first": "a", "more": "b"}, output="a")

    done = project.plan("--reviewed", "reviewed.json")

    assert done.returncode == 4
    assert "- network-dev: create `terraform_data.more`" in done.stdout


def test_less_than_was_reviewed_goes_on(project: Project) -> None:
    project.plan("--json", "reviewed.json")
    project.deploy("network", "data")

    done = project.plan("--reviewed", "reviewed.json")

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stack_that_terraform_refuses_is_told_in_its_words(project: Project) -> None:
    project.deploy("network", "data")
    project.write("network", resource={"first": "${nothing.here}"}, output="a")

    done = project.plan()

    assert done.returncode == 1
    assert "network-dev cannot be planned" in done.stdout
    assert "Reference to undeclared resource" in done.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--environment", "tset"], "allowed: dev"),
        (["--out", "elsewhere"], "run: make synth"),
        (["--reviewed", "missing.json"], "missing.json"),
        (["--reviewed", "cdktf.out/manifest.json"], "not the JSON of an earlier plan"),
    ],
)
def test_what_cannot_start_says_why(project: Project, options: list[str], says: str) -> None:
    done = project.plan(*options)

    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("reason", "status"), [(None, Exit.DATA_AT_RISK), ("copied elsewhere", Exit.GOOD)]
)
def test_a_loss_of_data_needs_somebody_s_word(reason: str | None, status: Exit) -> None:
    loss = Loss(
        stack="data-dev",
        address="azurerm_storage_container.data",
        action="delete",
        holds="every blob in the container",
        acknowledged=reason,
    )

    report = Report(environment="dev", plans=[StackPlan(stack="data-dev", losses=(loss,))])

    assert report.status is status


def without_a_sign_in(project: Project, folder: Path) -> subprocess.CompletedProcess[str]:
    """Plan stacks whose states lie in Azure, as somebody whom az does not know."""
    for file in (project.folder / "cdktf.out").rglob("cdk.tf.json"):
        document = json.loads(file.read_text())
        names = ("resource_group_name", "storage_account_name", "container_name", "key")
        azure = dict.fromkeys(names, "somewhere")
        document["terraform"]["backend"] = {"azurerm": {**azure, "use_azuread_auth": True}}
        document["provider"] = {"azurerm": [{"tenant_id": "the-tenant"}]}
        file.write_text(json.dumps(document))
    variables = {k: v for k, v in os.environ.items() if not k.startswith("ARM_")}
    return project.plan(variables={**variables, "AZURE_CONFIG_DIR": str(folder)})


def test_nobody_signed_in_is_told_once_with_the_fix(project: Project, tmp_path: Path) -> None:
    done = without_a_sign_in(project, tmp_path / "azure")

    assert done.returncode == 2
    assert done.stderr.count("authorizer") == 1
    assert "fix: az login --tenant the-tenant" in done.stderr
    assert done.stdout == ""


def test_one_problem_of_several_stacks_stands_once_in_the_report() -> None:
    problem = "terraform init failed: the registry gives no answer"
    plans = [StackPlan(stack=name, problem=problem) for name in ("network-dev", "data-dev")]

    text = Report(environment="dev", plans=plans).to_markdown()

    assert text.count(problem) == 1
    assert "### network-dev, data-dev cannot be planned" in text
