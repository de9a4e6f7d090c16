"""A test that opens a company's environment file is seen, in pytest and in what it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment_files import DEV, ROOT
from tests.guard import python_path
from tests.guard.sitecustomize import REPORT

OWN = ROOT / "environments" / "anything.toml"
IN_PROCESS = f"""
import contextlib

def test_it():
    with contextlib.suppress(BaseException):
        open({str(OWN)!r})
"""
IN_A_CHILD = f"""
import subprocess, sys

def test_it():
    subprocess.run([sys.executable, "-c", "open({str(OWN)!r})"], check=False)
"""


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's openings are written down, so that it does not fail by them itself."""
    monkeypatch.setenv(REPORT, str(tmp_path / "report"))
    return tmp_path / "report"


def test_an_environment_file_of_the_checkout_cannot_be_opened(report: Path) -> None:
    with pytest.raises(Exception, match="is a company's"):
        OWN.open()

    assert report.read_text() == f"{OWN}\n"


def test_the_tests_own_file_can_be_opened(report: Path) -> None:
    DEV.read_text()

    assert not report.exists()


@pytest.mark.parametrize("text", [IN_PROCESS, IN_A_CHILD], ids=["pytest", "a child"])
def test_a_test_that_opens_one_fails_even_if_it_passes(tmp_path: Path, text: str) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(text)
    environment = {**os.environ, "PYTHONPATH": python_path(ROOT)}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.guard", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert f"a company's own files were opened: {OWN}" in done.stdout
