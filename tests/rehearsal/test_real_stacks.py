"""The project's own stacks, deployed and destroyed; CI rehearses both environments beside this."""

import os
from pathlib import Path

import pytest

from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.request import Request
from tools.rehearsal.runs import rehearse


@pytest.fixture(scope="module")
def report(
    terraform: Path, synthesized: Path, tmp_path_factory: pytest.TempPathFactory
) -> RehearsalReport:
    project = tmp_path_factory.mktemp("project")
    (project / "cdktf.out").symlink_to(synthesized)
    return rehearse(Request(project=project, variables=os.environ, environment="dev"))


def test_every_stack_is_deployed_is_stable_and_leaves_nothing(report: RehearsalReport) -> None:
    assert report.problems == []
    assert [s.stack for s in report.steps if s.command == "destroy"] == [
        "airflow-dev",
        "platform-dev",
        "identity-dev",
        "data-dev",
        "network-dev",
    ]


def test_the_report_says_what_it_did_not_verify(report: RehearsalReport) -> None:
    assert report.verified == "Verified: schema, rules and graph; not Azure's own answer."
