"""`python -m tools.calendar`, as `make calendar` and `make verify` start it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

OWN = str(ROOT / "tests" / "environment_files")


def calendar(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.calendar", *map(str, arguments)]
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("on", "status"), [("2026-05-01", 0), ("2031-01-01", 1)], ids=["supported", "all over"]
)
def test_the_check_judges_on_the_day_that_it_is_given(
    synthesized: Path, on: str, status: int
) -> None:
    done = calendar("check", "--out", synthesized, "--on", on, "--environments", OWN)

    assert done.returncode == status, done.stderr
    assert ("refused: " in done.stderr) is bool(status)


@pytest.mark.parametrize(("version", "warned"), [("v20.20.2", True), ("v24.11.0", False)])
def test_the_check_warns_of_this_machine_s_node_and_never_refuses_it(
    synthesized: Path, tmp_path: Path, version: str, warned: bool
) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)

    done = calendar(
        *("check", "--out", synthesized, "--on", "2026-05-01", "--environments", OWN),
        JSII_NODE=str(node),
    )

    assert done.returncode == 0, done.stderr
    assert (f"warning: {node} (this machine): Node 20 ended on 2026-04-30" in done.stderr) is warned


def test_the_year_is_shown_as_bars_with_those_who_use_it(synthesized: Path) -> None:
    done = calendar("show", "--out", synthesized, "--on", "2027-03-01")

    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["1.36", "━━━╸········", "2027-06-30"] in [line[:3] for line in lines]
    assert ["dev,", "prod"] in [line[-2:] for line in lines]


def test_a_file_that_is_no_environment_is_not_raised(tmp_path: Path) -> None:
    file = tmp_path / "dev.toml"
    file.write_text("# dev\n[kubernetes]\n")

    done = calendar("raise", file)

    assert done.returncode == 2
    assert f"{file}: kubernetes.version: missing" in done.stderr


def test_a_folder_without_stacks_is_refused_with_the_way_out(tmp_path: Path) -> None:
    done = calendar("check", "--out", tmp_path)

    assert done.returncode == 2
    assert "fix: run: make synth" in done.stderr


def test_a_synth_warns_and_never_refuses(synthesized: Path) -> None:
    command = [sys.executable, "-m", "tools.calendar.warn", str(synthesized), "2031-01-01", OWN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert done.stderr.startswith("warning: ")


@pytest.mark.parametrize(
    ("day", "warned"),
    [
        ("2026-11-30", set()),
        ("2027-01-01", {"monitoring.budget_start"}),
        ("2027-12-02", {"monitoring.budget_start", "key_vault.expire_on"}),
    ],
)
def test_a_synth_warns_of_days_that_are_over(synthesized: Path, day: str, warned: set[str]) -> None:
    command = [sys.executable, "-m", "tools.calendar.warn", str(synthesized), day, OWN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    keys = {"monitoring.budget_start", "key_vault.expire_on"}
    assert {key for key in keys if f"warning: dev: {key}" in done.stderr} == warned
