"""An environment is deployed, found stable and destroyed; what is wrong with it is reported."""

import json
from pathlib import Path

from tests.rehearsal.conftest import Project
from tests.rehearsal.samples import GROUP, Document, data, document, network
from tools.exit_status import Exit
from tools.rehearsal.rehearsal_report import RehearsalReport


def told(report: RehearsalReport) -> str:
    return "\n".join(problem.message for problem in report.problems)


def plain(*, reads: bool = False, output: str = "${terraform_data.one.output}") -> Document:
    """A stack that needs no provider."""
    seen = "${data.terraform_remote_state.network_state.outputs.one}" if reads else "one"
    return document(
        "data" if reads else "network",
        {"terraform_data": {"one": {"input": seen}}},
        outputs={} if reads else {"one": output},
        reads=["network"] if reads else [],
    )


def test_linked_stacks_are_deployed_in_order_and_nothing_is_left(project: Project) -> None:
    # the manifest lists the later stack first: what it reads decides, not where it stands
    project.synthesize({"data-dev": data("dags"), "network-dev": network()})

    report = project.rehearse()

    applied = [step.stack for step in report.steps if step.command == "apply"]
    destroyed = [step.stack for step in report.steps if step.command == "destroy"]
    assert report.status is Exit.GOOD, told(report)
    assert applied == ["network-dev", "data-dev"]
    assert destroyed == ["data-dev", "network-dev"]


def test_the_synthesized_stacks_stay_as_they_are(project: Project) -> None:
    project.synthesize({"network-dev": plain()})
    synthesized = project.folder / "cdktf.out/stacks/network-dev"

    project.rehearse()

    assert [path.name for path in synthesized.iterdir()] == ["cdk.tf.json"]
    assert json.loads((synthesized / "cdk.tf.json").read_text()) == plain()


def test_an_unknown_output_is_told_in_terraforms_own_words(project: Project) -> None:
    renamed = network()
    renamed["output"] = {"other_id": renamed["output"]["subnet_id"]}
    project.synthesize({"network-dev": renamed, "data-dev": data()})

    report = project.rehearse()

    assert "output subnet_id does not exist, and another stack reads it" in told(report)
    assert 'does not have an attribute named "subnet_id"' in told(report)
    assert report.status is Exit.FAILED


def test_an_empty_output_that_is_read_is_a_problem(project: Project) -> None:
    project.synthesize({"network-dev": plain(output=""), "data-dev": plain(reads=True)})

    report = project.rehearse()

    assert told(report) == "output one is empty, and another stack reads it"


def test_a_stack_that_never_comes_to_rest_is_a_problem(project: Project) -> None:
    restless = document("network", {"terraform_data": {"clock": {"input": "${timestamp()}"}}})
    project.synthesize({"network-dev": restless})

    report = project.rehearse()

    assert told(report) == "the second plan is not empty: terraform_data.clock (update)"


def test_what_azure_refuses_is_told(project: Project) -> None:
    twice = document(
        "network", {"azurerm_resource_group": {"one": GROUP, "two": {**GROUP, "name": "RG-sample"}}}
    )
    project.synthesize({"network-dev": twice})

    report = project.rehearse()

    assert "already exists" in told(report)
    assert "imported" not in "".join(note.message for note in report.notes)


def test_protected_resources_are_kept_until_they_are_released(project: Project) -> None:
    kept = {"input": "one", "lifecycle": {"prevent_destroy": True}}
    project.synthesize(
        {"network-dev": document("network", {"terraform_data": {"one": kept, "two": kept}})}
    )

    report = project.rehearse()

    results = {step.command: step.result for step in report.steps}
    assert results["protected"] == "2 kept by prevent_destroy"
    assert report.status is Exit.GOOD, told(report)


def test_a_change_behind_terraforms_back_is_found(project: Project, tmp_path: Path) -> None:
    cloud = tmp_path / "kept/dev/cloud/azurerm_resource_group"
    vandal = {"provisioner": [{"local-exec": {"command": f"rm {cloud}/*.json"}}]}
    groups = document("network", {"azurerm_resource_group": {"group": GROUP}})
    later = document("data", {"terraform_data": {"vandal": vandal}}, reads=["network"])
    project.synthesize({"network-dev": groups, "data-dev": later})

    report = project.rehearse(keep=tmp_path / "kept")

    assert "azurerm_resource_group.group: delete behind Terraform's back" in told(report)
