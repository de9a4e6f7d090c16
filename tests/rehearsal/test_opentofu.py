"""OpenTofu runs the rehearsal as Terraform does."""

import os
import shutil
from pathlib import Path

import pytest
from terraform_runner.binary import VARIABLE, find_terraform
from terraform_runner.errors import BadInputError

from tests.parts.skips import not_given
from tests.rehearsal.conftest import Project
from tests.rehearsal.samples import data, network
from tools.exit_status import Exit


@pytest.fixture
def tofu(monkeypatch: pytest.MonkeyPatch) -> str:
    """OpenTofu instead of Terraform, which no package registry of Python or Node has."""
    if not shutil.which("tofu"):
        not_given("no tofu on PATH: https://opentofu.org/docs/intro/install")
    monkeypatch.setenv(VARIABLE, "tofu")
    return "tofu"


@pytest.mark.usefixtures("tofu")
def test_opentofu_deploys_plans_nothing_more_and_destroys(project: Project) -> None:
    kept = network(lifecycle={"prevent_destroy": True})
    project.synthesize({"network-dev": kept, "data-dev": data("dags")})

    report = project.rehearse()

    results = {(step.stack, step.command): step.result for step in report.steps}
    assert report.problems == []
    assert results["network-dev", "protected"] == "1 kept by prevent_destroy"
    assert results["data-dev", "plan again"] == "no changes"
    assert report.status is Exit.GOOD


def program(folder: Path, name: str, version: str) -> Path:
    """A program that tells its version as Terraform and OpenTofu do."""
    path = folder / name
    path.write_text(f"""#!/bin/sh\necho '{{"terraform_version": "{version}"}}'\n""")
    path.chmod(0o755)
    return path


def test_the_program_that_is_named_goes_before_terraform_on_path(tmp_path: Path) -> None:
    program(tmp_path, "terraform", "1.15.0")
    named = program(tmp_path, "tofu", "1.12.6")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"

    assert find_terraform(tmp_path, {VARIABLE: "tofu", "PATH": path}) == named


def test_a_named_program_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="TERRAFORM=tofu: there is no such program"):
        find_terraform(tmp_path, {VARIABLE: "tofu", "PATH": str(tmp_path)})


def test_an_opentofu_without_write_only_arguments_is_refused(tmp_path: Path) -> None:
    named = program(tmp_path, "tofu", "1.10.9")

    with pytest.raises(BadInputError, match=r"has version 1\.10\.9: too old"):
        find_terraform(tmp_path, {VARIABLE: str(named), "PATH": os.environ["PATH"]})
