"""Real providers validate where there are programs of theirs; stand-ins serve the rest."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from standin_providers import mirror
from terraform_runner.errors import BadInputError
from terraform_runner.plugins import HERE

from tests.rehearsal.conftest import Project
from tests.rehearsal.samples import document, network
from tools.exit_status import Exit
from tools.rehearsal.request import Request
from tools.rehearsal.runs import rehearse

PROGRAM = "terraform-provider-azurerm"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Path]:
    """A program that Terraform can start as azurerm."""
    stack = tmp_path / "cdk.tf.json"
    stack.write_text(json.dumps(network()))
    with mirror([stack], tmp_path / "cloud", tmp_path / "mirror"):
        yield next(tmp_path.glob(f"mirror/**/{HERE}/{PROGRAM}"))


@pytest.mark.parametrize("place", [".", f"registry.terraform.io/hashicorp/azurerm/4.81.0/{HERE}"])
def test_stacks_are_validated_by_the_programs_of_a_folder(
    project: Project, program: Path, tmp_path: Path, place: str
) -> None:
    folder = tmp_path / "providers" / place
    folder.mkdir(parents=True)
    (folder / PROGRAM).symlink_to(program)
    mixed = network()
    mixed["resource"]["helm_release"] = {"a": {"name": "a", "chart": "a"}}
    project.synthesize({"network-dev": mixed})

    report = project.rehearse(providers=tmp_path / "providers")

    assert report.status is Exit.GOOD, report.problems
    assert [step.command for step in report.steps] == ["init", "validate"]
    assert report.verified == (
        "Verified: valid for these providers themselves: azurerm 4.81.0; for stand-ins of these: "
        "helm; neither planned nor applied."
    )


def test_what_is_not_valid_does_not_hide_what_else_is_not(project: Project, program: Path) -> None:
    broken = network(nonsense=True)
    project.synthesize({"network-dev": broken, "other-dev": broken})

    report = project.rehearse(providers=program.parent)

    assert [problem.stack for problem in report.problems] == ["network-dev", "other-dev"]
    assert report.status is Exit.FAILED


def test_a_kept_folder_takes_the_programs_of_the_next_rehearsal(
    project: Project, tmp_path: Path
) -> None:
    project.synthesize({"network-dev": network()})
    for text in ("one", "two"):
        with mirror([project.stack("network-dev")], tmp_path / text, tmp_path / f"{text}-mirror"):
            report = project.rehearse(providers=tmp_path / f"{text}-mirror", keep=tmp_path / "kept")

    assert report.problems == []


def test_real_providers_are_not_asked_for_a_plan(project: Project, tmp_path: Path) -> None:
    project.synthesize({"network-dev": document("network", {})})

    with pytest.raises(BadInputError, match="add --loopback to --from"):
        project.rehearse(providers=tmp_path, reference="HEAD")


def test_a_change_is_planned_by_the_providers_of_a_folder(project: Project, program: Path) -> None:
    project.synthesize({"network-dev": network()})
    project.commit()
    project.synthesize({"network-dev": network("vnet-renamed")})

    report = project.rehearse(providers=program.parent, loopback=True, reference="HEAD")

    assert report.problems == []
    assert {str(change.action) for review in report.reviews for change in review.changes} == {
        "replace"
    }


def test_every_stack_is_valid_for_the_real_providers(
    real_providers: Path, synthesized: Path, tmp_path: Path
) -> None:
    (tmp_path / "cdktf.out").symlink_to(synthesized)

    report = rehearse(Request(project=tmp_path, variables=os.environ, providers=real_providers))

    assert report.problems == []
    assert len(report.stacks) == 10
