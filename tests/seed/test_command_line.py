"""What `python -m tools.seed` says before it starts Terraform, and how it asks."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.seed.company import company
from tools.seed.__main__ import Terminal


def run(home: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tools.seed", *options],
        cwd=ROOT,
        env={**os.environ, "AIRFLOW_ON_AZURE_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_company_without_a_seed_is_told_what_to_write(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()

    done = run(tmp_path)

    assert done.returncode == 2
    assert "seed.toml" in done.stderr
    assert "docs/how-to/bootstrap.md" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_seed_that_nobody_synthesized_is_told_how(tmp_path: Path) -> None:
    done = run(company(tmp_path / "company"), "--plan")

    assert done.returncode == 2
    assert "holds no synthesized stacks" in done.stderr
    assert "make synth" in done.stderr


def test_nobody_to_ask_is_a_no(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())

    agreed = Terminal(yes=False).agreed("Make this?", deletes=False)

    assert not agreed
    assert "--yes" in capsys.readouterr().err


@pytest.mark.parametrize("deletes", [False, True])
def test_yes_agrees_to_all_but_a_deletion(*, deletes: bool) -> None:
    assert Terminal(yes=True).agreed("Make this?", deletes=deletes) is not deletes
