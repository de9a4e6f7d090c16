"""The executors of an environment, as a check of DAGs asks for them."""

import sys
from pathlib import Path

import pytest

from tests.environment_files import DEV
from tools.executors import main

BOTH = '[airflow]\nexecutors = ["CeleryExecutor", "KubernetesExecutor"]'


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company with an environment that names no executors, and one that names both."""
    monkeypatch.setenv("AIRFLOW_ON_AZURE_HOME", str(tmp_path))
    folder = tmp_path / "environments"
    folder.mkdir()
    text = DEV.read_text()
    (folder / "dev.toml").write_text(text)
    (folder / "both.toml").write_text(text.replace("[airflow]", BOTH))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "told"),
    [("dev", "KubernetesExecutor"), ("both", "CeleryExecutor,KubernetesExecutor")],
)
def test_the_executors_are_told_the_default_first(
    company: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    told: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["tools.executors", name])

    main()

    assert capsys.readouterr().out == f"{told}\n"


def test_an_environment_that_is_none_ends_with_status_2(
    company: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tools.executors", "staging"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "environment 'staging': there is no such environment" in said
    assert "allowed: both, dev" in said


@pytest.mark.parametrize(
    "text", ['airflow = "3"', '[airflow]\nexecutors = "CeleryExecutor"', "[airflow"]
)
def test_a_file_that_lists_no_executors_ends_with_status_2(
    company: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
) -> None:
    (company / "environments" / "dev.toml").write_text(text)
    monkeypatch.setattr(sys, "argv", ["tools.executors", "dev"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "fix: " in capsys.readouterr().err
