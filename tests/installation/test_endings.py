"""How a synth and the tools end when they are interrupted, or the machine refuses."""

import subprocess
import sys

import pytest

from tests import ROOT


def running(code: str, package: str = "tools") -> subprocess.CompletedProcess[str]:
    """Run a program of this code, in a package of ours."""
    command = [sys.executable, "-c", f"import {package}\n{code}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ("open('/dev/full', 'w').write('x' * 9999)", "No space left on device\n    fix: make room"),
        ("open('/nowhere/x')", "/nowhere/x: No such file or directory\n    fix: correct the path"),
        ("raise TimeoutError", "TimeoutError\n"),
    ],
)
def test_what_a_tool_does_not_handle_ends_it_in_words(ends: str, says: str) -> None:
    done = running(ends)

    assert done.returncode == 1  # 2 would tell that it never started
    assert done.stderr.startswith(says)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "made", ["typer.run(main)", "app = typer.Typer(); app.command()(main); app()"]
)
def test_a_command_line_of_a_tool_prints_no_traceback_of_its_own(made: str) -> None:
    done = running(f"import typer\ndef main(): open('/nowhere/x')\n{made}")

    assert done.returncode == 1
    assert done.stderr.startswith("/nowhere/x: No such file or directory\n")


def test_no_fix_is_named_that_would_not_help() -> None:
    done = running("import urllib.request\nurllib.request.urlopen('http://nowhere.invalid')")

    assert "urlopen error" in done.stderr
    assert "fix:" not in done.stderr


@pytest.mark.parametrize("package", ["tools", "synthesis", "dag_migration"])
def test_ctrl_c_ends_a_program_that_is_still_importing_in_words(package: str) -> None:
    done = running("raise KeyboardInterrupt", package)

    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_next_to_nothing_is_imported_before_a_synth_ends_in_words() -> None:
    code = "import sys; before = {*sys.modules}; import synthesis; print(*{*sys.modules} - before)"

    done = running(code, "sys")

    ours = {"conventions", "conventions.endings", "synthesis"}
    assert set(done.stdout.split()) - {"errno"} == ours  # errno is a part of Python's program


def test_a_fault_of_the_program_itself_is_told_with_its_traceback() -> None:
    done = running("1 / 0")

    assert (done.returncode, "ZeroDivisionError" in done.stderr) == (1, True)
