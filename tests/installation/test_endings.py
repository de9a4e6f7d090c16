"""How the tools end when they are interrupted, or the machine refuses."""

import subprocess
import sys

import pytest

from tests import ROOT


def running(code: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of this code."""
    command = [sys.executable, "-c", f"import tools\n{code}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("ends", "status", "says"),
    [
        ("raise KeyboardInterrupt", 130, "interrupted\n"),
        ("open('/dev/full', 'w').write('x' * 9999)", 2, "No space left on device\n    fix: "),
        (
            "open('/nowhere/x')",
            2,
            "/nowhere/x: No such file or directory\n    fix: correct the path",
        ),
    ],
)
def test_a_tool_that_is_still_importing_ends_in_words(ends: str, status: int, says: str) -> None:
    done = running(ends)

    assert done.returncode == status
    assert done.stderr.startswith(says)
    assert "Traceback" not in done.stderr


def test_a_fault_of_the_program_itself_is_told_with_its_traceback() -> None:
    done = running("1 / 0")

    assert (done.returncode, "ZeroDivisionError" in done.stderr) == (1, True)
