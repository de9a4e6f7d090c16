"""The real cdktf CLI takes an environment from nothing to nothing, as a pipeline does."""

from tests.rehearsal.conftest import Project
from tests.rehearsal.samples import data, network
from tools.exit_status import Exit
from tools.rehearsal.provider_sources import Attachment
from tools.rehearsal.states import StateKind


def test_the_cdktf_cli_deploys_and_destroys_on_the_production_backend(project: Project) -> None:
    stacks = {"network-dev": network(), "data-dev": data("dags")}
    project.synthesize(stacks, {"data-dev": ["network-dev"]})

    report = project.rehearse(attachment=Attachment.MIRROR, state=StateKind.AZURITE)

    commands = [(step.command, step.stack) for step in report.steps]
    assert report.status is Exit.GOOD, report.problems
    assert commands[0] == ("cdktf deploy", "all stacks")
    assert ("cdktf diff", "data-dev") in commands
    assert commands[-1] == ("cdktf destroy", "all stacks")
