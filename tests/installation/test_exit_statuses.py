"""The page of exit statuses says what the tools say, and its script works."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tools.exit_status_page import PAGE, page


def test_the_page_is_what_the_tools_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make reference"


@pytest.mark.parametrize(
    ("status", "says", "ends"),
    [(0, "nothing is lost", 0), (3, "data would be lost", 0), (1, "", 1)],
)
def test_the_script_of_the_page_tells_statuses_apart(
    tmp_path: Path, status: int, says: str, ends: int
) -> None:
    (script,) = blocks(PAGE, "bash")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    python = tmp_path / ".venv/bin/python"
    python.write_text(f"#!{sys.executable}\nraise SystemExit({status})\n")
    python.chmod(0o755)

    done = subprocess.run(
        ["bash", "-c", f"set -e\n{script}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == ends
    assert says in done.stdout
