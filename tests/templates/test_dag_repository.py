"""The template gives a team a repository whose own checks pass, and fail when they should."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier.errors import CopierError
from jsonschema import Draft7Validator

from tests.real_parts import ROOT, Postgres

ANSWERS = {
    "team": "sales-data",
    "registry": "crairflowdev.azurecr.io",
    "image_tag": "3.3.2-3f2c1ab",
    "storage_account": "stairflowdev1a2b",
}


def render(target: Path, **answers: Any) -> Path:
    """Answer the template's questions and return the new repository."""
    copier.run_copy(
        str(ROOT / "templates" / "dag-repository"),
        target,
        data=ANSWERS | answers,
        defaults=True,
        quiet=True,
        vcs_ref=None,
    )
    return target


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of a team that wants dbt."""
    return render(tmp_path_factory.mktemp("repository"))


@pytest.fixture
def make(airflow: Path, dbt: Path, postgres: Postgres) -> Any:
    """Run a target of the new repository with the image's packages in place of the image."""
    environment = os.environ | {
        "PATH": os.pathsep.join([str(airflow), os.environ["PATH"], str(dbt)]),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tools"), str(ROOT / "images" / "airflow")]),
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": str(postgres.port),
    }

    def run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", "--no-print-directory", "-C", str(repository), *arguments, "IN_IMAGE="],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_new_repository_passes_its_own_check(repository: Path, make: Any) -> None:
    done = make(repository, "check")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "dags: nothing found" in done.stdout


def test_a_new_repository_builds_dbt_with_the_solution_of_the_training(
    tmp_path: Path, make: Any
) -> None:
    repository = render(tmp_path)
    for solution in (ROOT / "docs" / "training" / "solutions").glob("weeks.*"):
        shutil.copy(solution, repository / "dags" / "dbt" / "models")

    done = make(repository, "dbt-build")

    assert "PASS=7 WARN=0 ERROR=0" in done.stdout, done.stdout + done.stderr


def test_a_broken_dag_fails_the_pipeline_at_its_line(tmp_path: Path, make: Any) -> None:
    repository = render(tmp_path, with_dbt=False)
    (repository / "dags" / "broken.py").write_text("import no_such_package\n")

    done = make(repository, "check", "FORMAT=azure")

    assert done.returncode != 0
    assert (
        "##vso[task.logissue type=error;sourcepath=broken.py;linenumber=1;code=import]"
        in done.stdout
    )


def test_a_team_without_dbt_gets_no_trace_of_it(tmp_path: Path) -> None:
    repository = render(tmp_path, with_dbt=False)

    files = {str(file.relative_to(repository)) for file in repository.rglob("*") if file.is_file()}
    assert "dags/hello.py" in files
    assert not [file for file in files if "dbt" in file or "warehouse" in file]
    assert "dbt" not in (repository / "azure-pipelines.yml").read_text()


@pytest.mark.parametrize(
    ("question", "answer", "explanation"),
    [
        ("team", "Sales Data", "is not a team name"),
        ("registry", "docker.io", "is not a login server"),
        ("image_tag", "latest", "is not version-commit"),
        ("storage_account", "my-account", "is not a storage account"),
    ],
)
def test_a_wrong_answer_is_refused_with_what_is_allowed(
    tmp_path: Path, question: str, answer: str, explanation: str
) -> None:
    with pytest.raises((ValueError, CopierError), match=explanation):
        render(tmp_path, **{question: answer})


@pytest.mark.parametrize("with_dbt", [True, False])
def test_the_pipeline_is_one_that_azure_accepts(
    tmp_path: Path, pipelines_schema: Any, with_dbt: bool
) -> None:
    file = render(tmp_path, with_dbt=with_dbt) / "azure-pipelines.yml"

    # every scalar is a string for Azure Pipelines and for its schema
    pipeline = yaml.load(file.read_text(), yaml.BaseLoader)

    assert [
        error.message for error in Draft7Validator(pipelines_schema).iter_errors(pipeline)
    ] == []


def test_the_answers_are_kept_for_the_next_update(repository: Path) -> None:
    answers = yaml.safe_load((repository / ".copier-answers.yml").read_text())

    assert {key: answers[key] for key in ANSWERS} == ANSWERS
