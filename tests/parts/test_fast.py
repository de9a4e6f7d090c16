"""`make test-fast` chooses by one rule, which no test can break, and starts at once."""

import subprocess
import sys
from pathlib import Path

import pytest

import conftest
from tests import ROOT

HEAVY = {"azure", "cdktf", "grpc", "hypothesis", "jsii", "playwright", "pydantic", "typer", "yaml"}
HIDDEN = "import os\ndef test_it():\n    os.system('true')\n"
SAID = "import subprocess\n\ndef test_it():\n    subprocess.run(['true'], check=True)\n"


def run_pytest(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run one test file with the plugin."""
    (folder / "test_one.py").write_text(text)
    settings = str(ROOT / "pyproject.toml")
    command = [sys.executable, "-m", "pytest", "-p", "tests.fast", "-c", settings]
    return subprocess.run(
        [*command, "--rootdir", str(folder), *options, str(folder / "test_one.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_every_run_of_tests_imports_is_light() -> None:
    plugins = ", ".join(conftest.pytest_plugins)
    source = f"import conftest, sys, {plugins}; print(*{HEAVY} & sys.modules.keys())"

    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == []


def test_a_fast_test_that_starts_a_program_fails_with_the_way_out(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, HIDDEN)

    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "a fast test started true: let it ask for the fixture of that part" in done.stdout


def test_a_module_that_starts_programs_is_not_among_the_fast(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, SAID, "-m", "fast")

    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED


def test_who_asks_for_a_real_part_is_not_among_the_fast(tmp_path: Path) -> None:
    asking = "def test_it(a_program):\n    pass\n"

    done = run_pytest(tmp_path, asking, "-p", "tests.parts.fixtures", "-m", "fast")

    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_pure_module_is_among_the_fast(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "def test_it():\n    pass\n", "-m", "fast")

    assert done.returncode == pytest.ExitCode.OK
