"""What pages show as a command's output is what the command prints."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.docs.pages import blocks
from tests.environment_files import DEV
from tests.guard import python_path

README = ROOT / "README.md"
TUTORIAL = ROOT / "docs" / "tutorial" / "README.md"


def shown(page: Path, command: str) -> list[str]:
    """Return the lines that a page shows below a command."""
    for text in blocks(page, "console"):
        lines = text.splitlines()
        if f"$ {command}" in lines:
            rest = lines[lines.index(f"$ {command}") + 1 :]
            end = next((n for n, line in enumerate(rest) if line.startswith("$ ")), len(rest))
            return [line.rstrip() for line in rest[:end]]
    raise AssertionError(f"{page.name} shows no output of {command}")


def run(*command: object, folder: Path = ROOT, **variables: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": python_path(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return [line.rstrip() for line in (done.stdout + done.stderr).splitlines()]


@pytest.mark.parametrize("page", [README, TUTORIAL], ids=lambda page: page.parent.name)
def test_the_table_of_make_synth_is_what_it_prints(page: Path, synthesized: Path) -> None:
    printed = run("-m", "tools.synth_table", "cdktf.out", folder=synthesized.parent)

    told = [line for line in shown(page, "make synth") if line != "..."]
    assert told == printed[: len(told)]


def mistaken(folder: Path, name: str, **changes: tuple[str, str]) -> Path:
    """Write the tests' dev.toml with changes, as `name` of an environment folder."""
    text = DEV.read_text()
    for before, after in changes.values():
        assert before in text
        text = text.replace(before, after, 1)
    file = folder / "environments" / name
    file.parent.mkdir()
    file.write_text(text)
    return file.relative_to(folder)


def test_the_faults_in_the_readme_are_what_it_prints(tmp_path: Path, project: Path) -> None:
    changes = {
        "subnet": ('postgres = "10.40.16.64/28"', 'postgres = "10.40.0.64/28"'),
        "standby": ("[postgres]\n", '[postgres]\nhigh_availability = "ZoneRedundant"\n'),
    }
    file = mistaken(tmp_path, "test.toml", **changes)

    printed = run(project / "main.py", file, folder=tmp_path, CDKTF_OUTDIR=str(tmp_path / "out"))

    assert shown(README, f".venv/bin/python main.py {file}") == printed


def test_the_faults_in_the_tutorial_are_what_it_prints(tmp_path: Path, project: Path) -> None:
    changes = {
        "misspelt": ("replication =", "replicaton ="),
        "standby": ("[postgres]\n", '[postgres]\nhigh_availability = "ZoneRedundant"\n'),
    }
    file = mistaken(tmp_path, "demo.toml", **changes)

    printed = run(project / "main.py", file, folder=tmp_path, CDKTF_OUTDIR=str(tmp_path / "out"))

    assert shown(TUTORIAL, f".venv/bin/python main.py {file}") == printed


def test_the_copy_that_the_tutorial_makes_stands_beside_what_it_copies(
    tmp_path: Path, project: Path
) -> None:
    folder = tmp_path / "environments"
    folder.mkdir()
    shutil.copy(DEV, folder / "dev.toml")
    (text,) = [text for text in blocks(TUTORIAL, "console") if "> environments/demo.toml" in text]
    command = text.removeprefix("$ ").partition("\n$ ")[0]
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    files = ("environments/demo.toml", "environments/dev.toml")

    printed = run(project / "main.py", *files, folder=tmp_path, CDKTF_OUTDIR=str(tmp_path / "out"))

    assert printed == []
    assert (tmp_path / "out" / "stacks" / "network-demo").is_dir()


@pytest.mark.parametrize(
    ("page", "environment"),
    [(TUTORIAL, "demo"), (ROOT / "docs/how-to/rehearse.md", "dev")],
    ids=["tutorial", "how-to"],
)
def test_a_rehearsal_that_is_shown_has_today_s_counts(
    page: Path, environment: str, synthesized: Path
) -> None:
    table = run("-m", "tools.synth_table", "cdktf.out", folder=synthesized.parent)
    counts = {row.split()[1]: row.split()[2] for row in table if row.startswith("dev ")}
    command = f'make rehearse REHEARSE="--environment {environment}" 2>/dev/null'

    told = dict(re.findall(rf"^ (\w+)-{environment} +(\d+)", "\n".join(shown(page, command)), re.M))
    assert told == counts
