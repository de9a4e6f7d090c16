"""The project's own stacks of both environments, planned, deployed and destroyed."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from terraform_runner.plan import Plan

from conventions.stack_names import STACKS
from synthesis.reader import Stack
from tests.stacks.test_snapshots import DiffExtension, YamlExtension, differences
from tools.rehearsal.operations import Operations
from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.request import Request
from tools.rehearsal.runs import rehearse

# the files are named by what they hold, and not by the test
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot:UserWarning")


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal said, and the first plan of each stack as a page."""

    report: RehearsalReport
    plans: dict[str, str]


@pytest.fixture(scope="module")
def rehearsal(
    terraform: Path, synthesized: Path, tmp_path_factory: pytest.TempPathFactory
) -> Rehearsal:
    """One rehearsal of both environments; its plans are kept on their way to the report."""
    project = tmp_path_factory.mktemp("project")
    (project / "cdktf.out").symlink_to(synthesized)
    plans: dict[str, str] = {}
    plan_of = Operations.plan

    def plan(self: Operations, stack: Stack, *options: str, **more: Any) -> Plan:
        made = plan_of(self, stack, *options, **more)
        plans.setdefault(stack.name, page(made))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Operations, "plan", plan)
        return Rehearsal(rehearse(Request(project=project, variables=os.environ)), plans)


def page(plan: Plan) -> str:
    """Return a line for each resource that something happens to."""
    return "".join(sorted(f"{change.address}: {change.action}\n" for change in plan.changes))


def test_every_stack_is_deployed_is_stable_and_leaves_nothing(rehearsal: Rehearsal) -> None:
    destroyed = [step.stack for step in rehearsal.report.steps if step.command == "destroy"]

    assert rehearsal.report.problems == []
    assert destroyed == [f"{name}-{of}" for of in ("dev", "prod") for name in reversed(STACKS)]


def test_the_report_says_what_it_did_not_verify(rehearsal: Rehearsal) -> None:
    verified = rehearsal.report.verified

    assert verified == "Verified: schema, rules and graph; not Azure's own answer."


@pytest.mark.parametrize("stack", STACKS)
def test_a_first_deployment_of_dev_makes_what_was_reviewed(
    rehearsal: Rehearsal, stack: str, snapshot: SnapshotAssertion
) -> None:
    made = rehearsal.plans[f"{stack}-dev"]

    assert made == snapshot(extension_class=YamlExtension, name=f"dev.{stack}.plan")


@pytest.mark.parametrize("stack", STACKS)
def test_a_first_deployment_of_prod_differs_from_dev_as_reviewed(
    rehearsal: Rehearsal, stack: str, snapshot: SnapshotAssertion
) -> None:
    dev, prod = rehearsal.plans[f"{stack}-dev"], rehearsal.plans[f"{stack}-prod"]

    assert differences(dev, prod) == snapshot(
        extension_class=DiffExtension, name=f"prod.{stack}.plan"
    )
