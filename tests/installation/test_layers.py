"""What a make target installs before it runs."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.environment_files import FILES

SYNTH_LOCK = ROOT / "synth.lock"
WHOLE_LOCK = ROOT / "requirements.lock"
TERRAIN_LOCK = ROOT / "tools" / "cdk_terrain" / "requirements.lock"


@pytest.mark.parametrize(
    ("target", "variable"),
    [
        ("plan", "ENVIRONMENT"),
        ("smoke", "ENVIRONMENT"),
        ("preflight", "ENVIRONMENT"),
        ("migrate-dags", "SOURCE"),
        ("try", "DAG"),
    ],
)
def test_a_target_says_what_it_was_not_given(target: str, variable: str) -> None:
    unset = {name: value for name, value in os.environ.items() if name != variable}

    done = subprocess.run(
        ["make", "--dry-run", target],
        cwd=ROOT,
        env=unset,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert f"{variable} is missing: make {target} {variable}=<" in done.stderr


def pins(lock: Path) -> set[str]:
    """The packages of a lock, with versions and markers."""
    return {
        line.removesuffix(" \\")
        for line in lock.read_text().splitlines()
        if re.match(r"[a-z0-9-]+==", line)
    }


def would_run(target: str, *variables: str) -> str:
    """What make would run in a checkout where nothing is installed yet."""
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", target, *variables],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def words(commands: str) -> list[str]:
    """The words that a shell reads in commands."""
    return shlex.split(commands.replace("\\\n", " "), comments=True)


@pytest.mark.parametrize(
    "target", ["synth", "check", "check-dags", "migrate-dags", "policy", "docs", "image-lint"]
)
def test_a_target_that_uses_nothing_of_npm_installs_nothing_of_it(target: str) -> None:
    assert "npm ci" not in would_run(target, "SOURCE=old", "TARGET=new")


@pytest.mark.parametrize("target", ["setup", "test", "rehearse"])
def test_what_starts_azurite_or_the_cdktf_cli_installs_them(target: str) -> None:
    assert "npm ci" in would_run(target)


def test_a_synth_installs_no_package_of_tests_and_tools() -> None:
    commands = would_run("synth")

    assert "--requirements synth.lock" in commands
    assert "requirements.lock" not in commands.replace("uv-requirements.lock", "")


def test_a_later_synth_uninstalls_nothing() -> None:
    assert " sync " not in would_run("synth")


@pytest.mark.parametrize("variables", [[], ["ENVIRONMENT=dev"]])
def test_checking_dags_needs_no_package_of_the_platform(variables: list[str]) -> None:
    assert ".venv" not in would_run("check-dags", *variables)


def test_checking_dags_of_an_environment_asks_which_executors_it_has() -> None:
    assert "tools.executors 'prod'" in would_run("check-dags", "ENVIRONMENT=prod")
    assert "tools.executors" not in would_run("check-dags")


@pytest.mark.parametrize(
    ("target", "variable"),
    [
        ("check-dags", "DIR"),
        ("export", "TO"),
        ("rehearse", "FROM"),
        ("plan", "ENVIRONMENT"),
        ("migrate-dags", "SOURCE"),
    ],
)
def test_whatever_is_in_a_variable_reaches_a_tool_as_one_word(target: str, variable: str) -> None:
    given = {"SOURCE": "old", "TARGET": "new", variable: 'Jürgen\'s "old" dags; exit'}

    commands = would_run(target, *(f"{name}={value}" for name, value in given.items()))

    assert given[variable] in words(commands)


def test_the_site_of_a_company_may_lie_in_a_folder_of_any_name() -> None:
    assert "it's;/site" in words(would_run("docs", "AIRFLOW_ON_AZURE_HOME=it's;"))


def test_a_folder_may_lie_in_the_home_whatever_the_shell_makes_of_it() -> None:
    commands = would_run("check-dags", "DIR=~/my  dags")

    assert f"{Path.home()}/my  dags" in words(commands)


@pytest.mark.parametrize("target", ["check-dags", "down", "migrate-dags"])
def test_an_empty_name_of_a_folder_is_refused(target: str) -> None:
    variable = "SOURCE" if target == "migrate-dags" else "DIR"

    done = subprocess.run(
        ["make", "--dry-run", target, f"{variable}=", "TARGET=new"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"{variable} is empty: make {target} {variable}=<folder>" in done.stderr


@pytest.mark.parametrize("target", ["rehearse", "cost"])
def test_a_change_since_nothing_is_refused(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target, "FROM="],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"FROM is empty: make {target} FROM=<git ref>, or without FROM" in done.stderr


def test_each_of_several_values_reaches_a_tool_as_one_word() -> None:
    assert "it's;" in words(would_run("contract", "RECORDING=one it's;"))
    assert "--upgrade-package=it's;" in words(would_run("image-lock", "UPGRADE=one it's;"))


def test_tools_run_with_the_very_packages_of_a_synth() -> None:
    assert pins(SYNTH_LOCK) - pins(WHOLE_LOCK) == set()


def test_cdk_terrain_runs_beside_the_packages_of_every_other_synth() -> None:
    other = {pin for pin in pins(TERRAIN_LOCK) if not pin.startswith("cdktn")}

    assert other - pins(SYNTH_LOCK) == set()


@pytest.mark.parametrize("lock", [SYNTH_LOCK, WHOLE_LOCK], ids=lambda lock: lock.name)
def test_every_package_of_a_lock_has_a_hash_and_no_address(lock: Path) -> None:
    entries = re.split(r"\n(?=[a-z0-9-]+==)", lock.read_text())[1:]

    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in lock.read_text()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, as git has it, after its first `make synth`."""
    folder = tmp_path_factory.mktemp("fresh") / "checkout"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        own = name.startswith(("environments/", "policy/")) and name.endswith(".toml")
        if (ROOT / name).exists() and not own:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for file in FILES:
        shutil.copy2(file, folder / "environments")
    if (ROOT / ".tools" / "bin" / "uv").exists():
        (folder / ".tools" / "bin").mkdir(parents=True)
        shutil.copy2(ROOT / ".tools" / "bin" / "uv", folder / ".tools" / "bin")
    done = subprocess.run(
        ["make", "synth", f"PYTHON={Path(sys.executable).resolve()}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    (folder / "stderr").write_text(done.stderr)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_first_synth_leaves_no_test_runner_and_no_npm_package(fresh: Path) -> None:
    programs = {path.name for path in (fresh / ".venv" / "bin").iterdir()}

    assert not programs & {"pytest", "mypy", "ruff", "mkdocs", "cyclonedx-py"}
    assert not (fresh / "node_modules").exists()


def test_a_first_synth_writes_the_stacks(fresh: Path) -> None:
    assert list(fresh.glob("cdktf.out/stacks/*/cdk.tf.json"))


def test_a_step_of_the_installation_says_what_it_is_and_how_long_it_took(fresh: Path) -> None:
    progress = (fresh / "stderr").read_text()

    assert re.search(r"^Python packages of a synth \.\.\. \d+\.\d s$", progress, re.M)


def test_a_step_that_fails_shows_what_its_command_printed() -> None:
    done = subprocess.run(
        [ROOT / "tools" / "step", "the step", "sh", "-c", "echo why; exit 7"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 7
    assert re.fullmatch(r"the step \.\.\. failed after \d+\.\d s\nwhy\n", done.stderr)


def refusal(folder: Path, target: str, **programs: str) -> str:
    """What make says where `programs` and a shell are all that PATH holds."""
    (folder / "sh").symlink_to("/bin/sh")
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    for lock in ("synth.lock", "package-lock.json"):
        (folder / lock).touch()
    make = shutil.which("make")
    assert make
    done = subprocess.run(
        [make, "--file", ROOT / "Makefile", target],
        cwd=folder,
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert not (folder / ".venv").exists()
    assert not (folder / "node_modules").exists()
    return done.stderr


def test_an_old_node_is_refused_before_anything_is_installed(tmp_path: Path) -> None:
    old = "case $1 in --version) echo v18.20.4 ;; *) exit 1 ;; esac"

    assert "node: v18.20.4; needed: Node 20 or newer" in refusal(tmp_path, "synth", node=old)


def test_a_node_without_support_is_warned_of_and_works(tmp_path: Path) -> None:
    old = "case $1 in --version) echo v20.20.2 ;; esac"

    error = refusal(tmp_path, "node_modules/.ready", node=old)

    assert "node: v20.20.2 works, and nobody repairs it any more" in error
    assert "npm: not found" in error  # it went on to what is really missing here


def test_an_old_python_is_refused_before_anything_is_installed(tmp_path: Path) -> None:
    older = "import sys; sys.version_info = (3, 10, 12); sys.version = '3.10.12'; exec(sys.argv[1])"
    old = f'exec {sys.executable} -c "{older}" "$2"'

    error = refusal(tmp_path, ".venv/.synth", node="exit 0", python3=old)

    assert "python3 is Python 3.10.12; needed: 3.11 or newer" in error


def test_a_missing_npm_is_refused_with_what_it_is_for(tmp_path: Path) -> None:
    error = refusal(tmp_path, "node_modules/.ready", node="exit 0")

    assert "npm: not found; the cdktf CLI and Azurite are installed by it" in error
