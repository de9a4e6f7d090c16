"""The environments that pipelines name, held against the files."""

import shutil
from pathlib import Path

import pytest

from tests import ROOT
from tests.environment_files import FILES
from tools import pipelines_check


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company's folder with the product's pipelines, and the files dev.toml and prod.toml."""
    shutil.copytree(ROOT / "pipelines", tmp_path / "pipelines")
    (tmp_path / "environments").mkdir()
    for file in FILES:
        shutil.copy(file, tmp_path / "environments")
    monkeypatch.setenv("AIRFLOW_ON_AZURE_HOME", str(tmp_path))
    return tmp_path


def status() -> object:
    """Run the check; return its exit status."""
    with pytest.raises(SystemExit) as ended:
        pipelines_check.main()
    return ended.value.code


@pytest.mark.usefixtures("company")
def test_nothing_is_said_where_pipelines_and_files_name_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert status() == 0
    assert capsys.readouterr() == ("", "")


def test_a_pipeline_s_environment_without_a_file_is_refused_with_what_to_do(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (company / "environments" / "prod.toml").unlink()

    assert status() == 1
    said = capsys.readouterr().err
    assert "pipelines/azure-pipelines.yml" in said
    assert 'prod: no file in environments/ says name = "prod"' in said
    assert "uvx copier update --vcs-ref :current: --data 'environments=[...]'" in said


def test_a_file_that_no_pipeline_deploys_is_told_and_not_refused(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dev = (company / "environments" / "dev.toml").read_text().replace("10.40.", "10.41.")
    for old in ('name = "dev"', "tfstate-dev", "dev.example.com", "vnet-ci"):
        dev = dev.replace(old, old.replace("dev", "test").replace("ci", "test"))
    (company / "environments" / "test.toml").write_text(dev)

    assert status() == 0
    assert 'test.toml: name = "test": no pipeline deploys it' in capsys.readouterr().out


def test_a_company_that_deploys_by_other_means_hears_nothing(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(company / "pipelines")

    assert status() == 0
    assert capsys.readouterr().out == ""


def test_a_workflow_of_github_is_read_too(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workflows = company / ".github" / "workflows"
    workflows.mkdir(parents=True)
    step = "{run: ./product cdktf deploy network-live}"
    (workflows / "platform.yml").write_text(f"jobs: {{deploy: {{steps: [{step}]}}}}\n")

    assert status() == 1
    assert ".github/workflows/platform.yml: live: no file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "own",
    [
        b"stages: [\n",
        b"# \xff\nstages: []\n",
        b"stages: [{template: scan.yml@shared}]\n",
        b"stages: [{template: both.yml}]\n",
        b"stages: ['${{ parameters.name }}']\n",
        b"variables: [{group: secrets}]\nstages: ['${{ variables.v }}']\n",
    ],
)
def test_a_company_s_own_pipeline_that_is_not_understood_is_told_and_not_refused(
    company: Path, capsys: pytest.CaptureFixture[str], own: bytes
) -> None:
    (company / "both.yml").write_text("variables: {}\nsteps: []\n")
    (company / "own.yaml").write_bytes(own)

    assert status() == 0
    assert "own.yaml: the environments in it were not compared" in capsys.readouterr().out


def test_another_program_s_environment_is_none_of_ours(company: Path) -> None:
    workflows = company / ".github" / "workflows"
    workflows.mkdir(parents=True)
    step = "{run: az containerapp job start --environment stage}"
    (workflows / "jobs.yml").write_text(f"jobs: {{start: {{steps: [{step}]}}}}\n")

    assert status() == 0


def test_nothing_is_told_of_files_where_a_matrix_says_what_is_deployed(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(company / "pipelines")
    workflows = company / ".github" / "workflows"
    workflows.mkdir(parents=True)
    steps = "[{run: cdktf deploy data-dev}, {run: 'cdktf deploy data-${{ matrix.env }}'}]"
    (workflows / "platform.yml").write_text(f"jobs: {{deploy: {{steps: {steps}}}}}\n")

    assert status() == 0
    assert capsys.readouterr().out == ""
