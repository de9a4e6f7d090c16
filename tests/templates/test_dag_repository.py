"""The template gives a team a repository whose own checks pass, and fail when they should."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier.errors import CopierError
from jsonschema import Draft7Validator

from environments.data import Postgres as PostgresTable
from tests import ROOT
from tests.parts.postgres import Postgres
from tests.parts.skips import not_given
from tests.pipelines.agents import connections_of, foreign_text, violations
from tests.templates.repositories import commit, git
from tools.locked_venv import uv
from tools.pipeline_yaml.conditions import UNREVIEWED, Run, jobs_of

Render = Callable[..., Path]
Make = Callable[..., subprocess.CompletedProcess[str]]
ANSWERS = {
    "team": "sales-data",
    "registry": "crairflowdev.azurecr.io",
    "image_tag": "3.3.2-3f2c1ab",
    "storage_account": "stairflowdev1a2b",
}


@pytest.fixture(scope="session")
def render(templates: Path) -> Render:
    """Answer the template's questions and return the new repository."""

    def answered(target: Path, source: Path = templates, **answers: Any) -> Path:
        copier.run_copy(
            f"git+file://{source}", target, data=ANSWERS | answers, defaults=True, quiet=True
        )
        return target

    return answered


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory, render: Render) -> Path:
    """The repository of a team that wants dbt, as it was made; no test changes it."""
    return render(tmp_path_factory.mktemp("rendered") / "repository")


@pytest.fixture
def repository(tmp_path: Path, rendered: Path) -> Path:
    """A copy of it, for one test."""
    return shutil.copytree(rendered, tmp_path / "repository", symlinks=True)


@pytest.fixture
def make(airflow: Path, dbt: Path, postgres: Postgres) -> Make:
    """Run a target of the new repository with the image's packages in place of the image."""
    environment = os.environ | {
        "PATH": os.pathsep.join([str(airflow), os.environ["PATH"], str(dbt)]),
        "PYTHONPATH": str(ROOT / "images" / "airflow"),
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": str(postgres.port),
    }

    def run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", "--no-print-directory", "-C", repository, *arguments, "IN_IMAGE=", "TOOLS="],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_new_repository_builds_dbt_with_the_solution_of_the_training(
    tmp_path: Path, make: Make, render: Render
) -> None:
    repository = render(tmp_path)
    for solution in (ROOT / "docs" / "training" / "solutions").glob("weeks.*"):
        shutil.copy(solution, repository / "dags" / "dbt" / "models")

    done = make(repository, "dbt-build")

    lesson = (ROOT / "docs" / "training" / "3-tables-with-dbt.md").read_text()
    [shown] = re.findall(r"^Done\. PASS=.*$", lesson, re.M)
    assert shown in done.stdout, done.stdout + done.stderr
    models = repository / "dags" / "dbt" / "models" / "working_days.sql"
    models.write_text(models.read_text().replace("< 6", "< 7"))
    assert "Failure in test" in make(repository, "dbt-build").stdout


def test_a_broken_dag_fails_the_pipeline_at_its_line(
    tmp_path: Path, make: Make, render: Render
) -> None:
    repository = render(tmp_path, with_dbt=False)
    (repository / "dags" / "broken.py").write_text("import no_such_package\n")

    done = make(repository, "check", "FORMAT=azure")

    assert done.returncode != 0
    assert (
        "##vso[task.logissue type=error;sourcepath=broken.py;linenumber=1;code=import]"
        in done.stdout
    )


def test_a_team_without_dbt_gets_no_trace_of_it(tmp_path: Path, render: Render) -> None:
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
        ("vault", "my_vault", "is not a Key Vault"),
        ("postgres_version", "13", "13"),
    ],
)
def test_a_wrong_answer_is_refused_with_what_is_allowed(
    tmp_path: Path, render: Render, question: str, answer: str, explanation: str
) -> None:
    with pytest.raises((ValueError, CopierError), match=explanation):
        render(tmp_path, **{question: answer})


@pytest.mark.parametrize("with_dbt", [True, False])
def test_the_pipeline_is_one_that_azure_accepts(
    tmp_path: Path, render: Render, pipelines_schema: Any, with_dbt: bool
) -> None:
    file = render(tmp_path, with_dbt=with_dbt) / "azure-pipelines.yml"

    # every scalar is a string for Azure Pipelines and for its schema
    pipeline = yaml.load(file.read_text(), yaml.BaseLoader)

    assert [
        error.message for error in Draft7Validator(pipelines_schema).iter_errors(pipeline)
    ] == []


def stages(repository: Path) -> dict[str, dict[str, Any]]:
    return {stage["stage"]: stage for stage in pipeline(repository)["stages"]}


def pipeline(repository: Path) -> Any:
    return yaml.safe_load((repository / "azure-pipelines.yml").read_text())


def test_agents_and_connections_are_kept_apart(repository: Path) -> None:
    assert violations(pipeline(repository)) == []


def test_nobody_else_writes_into_the_scripts_of_the_pipeline(repository: Path) -> None:
    assert foreign_text(repository / "azure-pipelines.yml") == []


@pytest.mark.parametrize("run", UNREVIEWED, ids=lambda run: run.name)
def test_what_nobody_has_reviewed_signs_in_with_nothing_that_can_write(
    repository: Path, run: Run
) -> None:
    reached = [connections_of(job) for _, job in jobs_of(pipeline(repository), run)]

    assert reached == ([] if "fork" in run.name else [{"airflow-images"}])


def test_one_pool_for_what_is_merged_and_what_is_not_is_refused(
    tmp_path: Path, render: Render
) -> None:
    with pytest.raises((ValueError, CopierError), match="beside what nobody has reviewed"):
        render(tmp_path, upload_pool="airflow-untrusted")


def test_the_upload_alone_signs_in_with_the_team_s_own_connection(repository: Path) -> None:
    (job,) = stages(repository)["upload"]["jobs"]

    assert connections_of(job) == {"airflow-dags-sales-data"}


def test_no_file_of_the_repository_is_read_while_signed_in_for_a_pull_request(
    repository: Path,
) -> None:
    (job,) = stages(repository)["check"]["jobs"]
    scripts = [step["inputs"]["inlineScript"] for step in job["steps"] if "task" in step]

    assert scripts == ["az acr login --name crairflowdev"]


def test_one_connection_for_both_is_refused(tmp_path: Path, render: Render) -> None:
    with pytest.raises((ValueError, CopierError), match="pull requests would write to production"):
        render(tmp_path, upload_connection="airflow-images")


def test_the_answers_are_kept_for_the_next_update(repository: Path) -> None:
    answers = yaml.safe_load((repository / ".copier-answers.yml").read_text())

    assert {key: answers[key] for key in ANSWERS} == ANSWERS


def checked(repository: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a repository's `make check` outside of the image."""
    path = f"{Path(uv()).parent}:/usr/local/bin:/usr/bin:/bin"
    return subprocess.run(
        ["make", "--no-print-directory", "-C", repository, "check"],
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_repository_passes_its_own_check_without_docker_and_without_a_registry(
    tmp_path: Path, render: Render, platform: Path, airflow: Path, dbt: Path
) -> None:
    built_from = git(platform, "rev-parse", "--short=7", "HEAD")
    answers = {"image_tag": f"3.3.2-{built_from}", "team": "a" * 31}  # the longest name
    repository = render(tmp_path / "our dags", platform, **answers)

    done = checked(repository)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("dags: nothing found\n")


def test_check_has_the_packages_of_an_image_that_a_company_s_repository_built(
    tmp_path: Path, render: Render, platform: Path, airflow: Path, dbt: Path
) -> None:
    company = tmp_path / "company"
    of_company = {"repository": "platform-repository", "company": "Contoso"}
    copier.run_copy(f"git+file://{platform}", company, data=of_company, defaults=True, quiet=True)
    git(company, "init", "--quiet")
    commit(company)
    tag = f"3.3.2-{git(company, 'rev-parse', '--short=7', 'HEAD')}"
    repository = render(tmp_path / "dags", image_tag=tag, platform_repository=str(company))

    done = checked(repository, AIRFLOW_ON_AZURE_CACHE=str(tmp_path / "cache"))

    assert "dags: nothing found" in done.stdout, done.stdout + done.stderr


def test_a_tag_that_is_called_like_the_image_s_commit_is_not_taken_for_it(
    tmp_path: Path, render: Render
) -> None:
    company = tmp_path / "company"
    company.mkdir()
    git(company, "init", "--quiet")
    (company / "Makefile").write_text("dag-tools:\n\t@echo of the image\n")
    commit(company)
    built_from = git(company, "rev-parse", "--short=7", "HEAD")
    (company / "Makefile").write_text("dag-tools:\n\t@echo of whoever may push a tag\n")
    commit(company, tag=built_from)
    repository = render(
        tmp_path / "dags", image_tag=f"3.3.2-{built_from}", platform_repository=str(company)
    )

    done = subprocess.run(
        ["make", "-C", repository, f".platform/{built_from}/.ready"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "of the image" in done.stdout, done.stdout + done.stderr


def test_the_image_comes_from_the_repository_that_the_platform_names(
    tmp_path: Path, render: Render
) -> None:
    repository = render(tmp_path / "team", image_repository="data.platform/airflow")
    command = ["make", "-C", str(repository), "--dry-run", "image"]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    pulled = "docker pull crairflowdev.azurecr.io/data.platform/airflow:3.3.2-3f2c1ab"
    assert pulled in done.stdout.splitlines()


def test_a_docker_that_does_not_answer_is_named_and_left_out(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("docker"):
        not_given("docker is not installed")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")

    command = ["make", "-C", str(repository), "up", "IN_IMAGE=echo", "TOOLS="]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stderr.startswith("Docker does not answer: ")
    assert "python -m laptop up dags" in done.stdout


def test_a_dag_that_is_not_there_is_told_in_words(repository: Path, make: Make) -> None:
    done = make(repository, "run", "DAG=nope")

    assert "Dag 'nope' could not be found" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_upload_of_no_commit_is_refused(repository: Path, make: Make) -> None:
    assert "COMMIT is missing: make upload COMMIT=" in make(repository, "upload").stderr


def test_a_dag_runs_on_the_laptop(repository: Path, make: Make) -> None:
    done = make(repository, "run", "DAG=sales_data_hello", "DAY=2026-03-01")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "state=success" in done.stdout + done.stderr


def program(folder: Path, name: str, script: str) -> None:
    """Put a program of this name into a folder."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_the_postgres_of_dbt_has_the_platform_s_version_and_comes_from_its_registry(
    repository: Path, tmp_path: Path
) -> None:
    program(tmp_path / "bin", "docker", f'echo "$@" >>{tmp_path}/asked')
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}

    command = ["make", "-C", str(repository), "postgres", "IN_IMAGE=", "TOOLS="]
    subprocess.run(command, env=environment, check=True, capture_output=True)

    version = PostgresTable.model_fields["version"].default
    asked = (tmp_path / "asked").read_text().splitlines()
    started = [line for line in asked if line.startswith("run ")]
    assert [line.split()[-1] for line in started] == [f"crairflowdev.azurecr.io/postgres:{version}"]
    assert asked[-1].startswith("exec dbt-postgres pg_isready")
    assert "postgres dbt-build" in (repository / "azure-pipelines.yml").read_text()


def test_an_author_writes_a_secret_and_no_argument_holds_it(
    render: Render, airflow: Path, tmp_path: Path
) -> None:
    repository = render(tmp_path / "team", vault="kvteairflowdev1a2b3c")
    bin_folder = tmp_path / "bin"
    program(bin_folder, "az", f'echo "$@" >>{tmp_path}/asked; echo the-token')
    program(bin_folder, "python", f'echo "$VAULT_ACCESS_TOKEN $@" >>{tmp_path}/asked; cat')
    environment = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}"}

    done = subprocess.run(
        ["make", "-sC", repository, "secret", "CONNECTION=sales_data_shop", "IN_IMAGE=", "TOOLS="],
        env=environment,
        input="the value",
        capture_output=True,
        text=True,
        check=True,
    )

    signed_in, ran = (tmp_path / "asked").read_text().splitlines()
    assert "account get-access-token --resource https://vault.azure.net" in signed_in
    assert ran == (
        "the-token -m airflow_azure.put_secret --vault kvteairflowdev1a2b3c "
        "--connection sales_data_shop --variable "
    )
    assert done.stdout == "the value"


def test_help_names_every_command(repository: Path, make: Make) -> None:
    done = make(repository, "help")

    commands = [line.split()[0] for line in done.stdout.splitlines()]
    laptop, build = ["up", "try", "down"], ["postgres", "dbt-build"]
    assert commands == [
        *["help", "check", "fix", "run", *laptop, *build],
        *["image", "secret", "upload"],
    ]


def test_a_later_version_of_the_template_comes_by_an_update_and_keeps_what_the_team_wrote(
    tmp_path: Path, render: Render, templates: Path
) -> None:
    repository = render(tmp_path / "ours")
    (repository / "dags" / "own.py").write_text("# ours\n")
    git(repository, "init", "--quiet")
    commit(repository)
    ignored = templates / "templates" / "dag-repository" / ".gitignore"
    ignored.write_text(ignored.read_text() + "of-version-1.1/\n")
    commit(templates, "1.1.0")

    copier.run_update(repository, defaults=True, overwrite=True, quiet=True)

    answers = yaml.safe_load((repository / ".copier-answers.yml").read_text())
    assert answers["_commit"] == "1.1.0"
    assert "of-version-1.1/" in (repository / ".gitignore").read_text()
    assert (repository / "dags" / "own.py").read_text() == "# ours\n"


def test_the_first_command_of_the_training_makes_the_repository(
    tmp_path: Path, templates: Path
) -> None:
    page = (ROOT / "docs" / "training" / "README.md").read_text()
    [line] = [line for line in page.splitlines() if line.startswith("$ uvx copier copy ")]
    words = line.removeprefix("$ uvx ").replace(
        "https://<your git server>/airflow-on-azure", f"git+file://{templates}"
    )
    answers = [word for key, value in ANSWERS.items() for word in ("--data", f"{key}={value}")]

    subprocess.run(
        [Path(sys.executable).with_name("copier"), *words.split()[1:], "--defaults", *answers],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )

    assert (tmp_path / "our-dags" / "dags" / "hello.py").exists()
