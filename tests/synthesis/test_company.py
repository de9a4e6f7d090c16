"""A company's own folder in place of the checkout: what is read and written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conventions.company import OUTDIR, VARIABLE
from tests.environment_files import DEV, ROOT
from tests.guard import python_path


def run(folder: Path, *command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, VARIABLE: str(folder), "PYTHONPATH": python_path(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one environment file, synthesized from within the checkout."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "environments").mkdir()
    (folder / "environments" / "dev.toml").write_bytes(DEV.read_bytes())
    done = run(folder, "-O", "main.py")
    assert done.returncode == 0, done.stderr
    return folder


def test_what_was_written_to_another_folder_is_read_there(
    company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OUTDIR, str(tmp_path / "out"))
    assert run(company, "-O", "main.py").returncode == 0

    done = run(company, "-m", "tools.synth_table")

    assert (done.returncode, f"{tmp_path}/out/stacks" in done.stdout) == (0, True), done.stderr


def test_its_environments_alone_are_synthesized_into_its_folder(company: Path) -> None:
    done = run(company, "-m", "tools.synth_table", cwd=company)

    told = {line.split()[0] for line in done.stdout.splitlines()[1:]}
    assert (done.stderr, told) == ("", {"dev"})
    assert "cdktf.out/stacks/network-dev/cdk.tf.json" in done.stdout


@pytest.mark.parametrize("changed", ["dev.toml", "more.toml"])
def test_a_file_of_its_own_that_changed_makes_its_stacks_stale(company: Path, changed: str) -> None:
    file = company / "environments" / changed
    before = file.read_bytes() if file.exists() else b""
    file.write_bytes(before + b"\n")

    done = run(company, "-m", "tools.synth_table")

    file.write_bytes(before)
    if not before:
        file.unlink()
    assert done.returncode == 2
    assert f"older than environments/{changed}, which is " in done.stderr


def test_its_output_may_move_with_it(company: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    company.rename(moved)

    done = run(moved, "-m", "tools.synth_table")

    moved.rename(company)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_folder_without_environments_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "-O", "main.py")

    assert done.returncode == 1
    assert f"{VARIABLE}={tmp_path}: there is no folder environments in it" in done.stderr
