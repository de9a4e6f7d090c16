"""The programs that the check runs: ruff, Airflow's own import, and dbt."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .findings import Finding

# Always on, whatever the folder's own ruff settings add: bugs, and Airflow's own rules.
# AIR003 (a variable that is read while the file is imported) is still in preview.
LINT_RULES = "E9,F,B,AIR,AIR003"


class ProgramError(Exception):
    """A program that the check needs cannot run; the message says which and why."""


def lint(folder: Path) -> Iterator[Finding]:
    """Yield what ruff finds.

    Raises:
        ProgramError: ruff is not installed, or its settings in the folder are broken.
    """
    options = ["--output-format=json", "--no-cache", f"--extend-select={LINT_RULES}"]
    options += ["--preview", "--config=lint.explicit-preview-rules=true"]
    # from within the folder: ruff falls back to the settings of where it is started
    done = _run([*_beside_python("ruff"), "check", *options, str(folder)], folder)
    if done.returncode not in (0, 1):
        raise ProgramError(f"ruff cannot run: {done.stderr.strip()}")
    for found in json.loads(done.stdout):
        if found["code"] in {None, "invalid-syntax"}:
            continue  # the import says it better
        problem = f"{found['code']} {found['message'].rstrip('.; ')}"
        remedy = "`ruff check --fix` does it." if found["fix"] else "Correct it by hand."
        remedy = f"{remedy} {found['url'] or ''}".strip()
        line = found["location"]["row"]
        yield Finding(Path(found["filename"]), line, "lint", problem, remedy)


def probe(folder: Path, seconds: int) -> list[dict[str, Any]]:
    """Import every DAG file with this Python's Airflow and return what the probe saw.

    Raises:
        ProgramError: this Python has no Airflow that works.
    """
    script = Path(__file__).with_name("probe.py")
    with tempfile.TemporaryDirectory() as home:
        done = _run(
            [sys.executable, str(script), str(folder), str(seconds)],
            AIRFLOW_HOME=home,  # neither the author's settings nor their database
            AIRFLOW__CORE__LOAD_EXAMPLES="False",
            AIRFLOW__CORE__DAGS_FOLDER=str(folder),
            AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{home}/airflow.db",
            AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT="0",
            # enough frames to reach the author's own line
            AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH="50",
            AIRFLOW__LOGGING__LOGGING_LEVEL="CRITICAL",
        )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ProgramError(f"{sys.executable} cannot import DAGs with Airflow: {reason}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def parse_dbt(folder: Path) -> Iterator[Finding]:
    """Parse the dbt projects of the folder, which also writes the manifests that Cosmos reads.

    Raises:
        ProgramError: there is a project and no dbt.
    """
    for file in sorted(folder.rglob("dbt_project.yml")):
        if "dbt_packages" in file.parts:
            continue
        command = ["--quiet", "--no-use-colors", "--log-format=json", "parse"]
        place = ["--project-dir", str(file.parent), "--profiles-dir", str(file.parent)]
        done = _run([*_beside_python("dbt"), *command, *place, *_target(file.parent)])
        if done.returncode != 0:
            yield Finding(file, 1, "dbt", _dbt_error(done.stdout), "Correct it, then: dbt parse")


def _target(project: Path) -> list[str]:
    # the cluster's target, if the project has one: its manifest has no seeds for laptops
    profiles = project / "profiles.yml"
    found = profiles.exists() and "\n    warehouse:" in profiles.read_text(encoding="utf-8")
    return ["--target", "warehouse"] if found else []


def _dbt_error(output: str) -> str:
    lines = [json.loads(line)["info"]["msg"] for line in output.splitlines() if line[:1] == "{"]
    return " ".join((lines or ["dbt parse failed"])[-1].split())


def _beside_python(program: str) -> list[str]:
    beside = Path(sys.executable).parent / program
    found = str(beside) if beside.exists() else shutil.which(program)
    if found is None:
        raise ProgramError(f"{program} is neither beside {sys.executable} nor on PATH")
    return [found]


def _run(
    command: list[str], cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "False"} | variables
    environment["AIRFLOW__COSMOS__ENABLE_TELEMETRY"] = "False"
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=cwd
    )
