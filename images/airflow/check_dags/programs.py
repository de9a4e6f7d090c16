"""The programs that the check runs: ruff, Airflow's own import, and dbt."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .findings import Finding

# What breaks, whatever the folder's own ruff settings say: syntax, undefined names, wrong formats
# and calls (F5 to F8), and what Airflow 3 has removed. AIR304 is still in preview.
BREAKING = ("E9", "F5", "F6", "F7", "F8", "AIR30")
HINTS = ("F401", "F541", "F811", "F841", "F842", "B", "AIR31", "AIR32")
LINT_RULES = ",".join((*BREAKING, *HINTS, "AIR304"))


class ProgramError(Exception):
    """A program that the check needs cannot run; the message says which and why."""


def refuse_pipes(folder: Path) -> None:
    """Refuse a folder with a named pipe: who opens one, as ruff does, waits without end.

    Raises:
        ProgramError: there is one; the message names it.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_fifo():
            raise ProgramError(
                f"{path.relative_to(folder)} is a named pipe, which nobody can read to its end; "
                "delete it, or put a file there"
            )


def lint(folder: Path, *, fix: bool = False) -> Iterator[Finding]:
    """Yield what ruff finds: bugs first, and as hints the rules that the folder's settings choose.

    Args:
        folder: with the DAG files.
        fix: let ruff correct first what it can correct safely.

    Raises:
        ProgramError: ruff is not installed, or its settings in the folder are broken.
    """
    ours = [f"--select={LINT_RULES}", "--preview", "--config=lint.explicit-preview-rules=true"]
    passes = [ours, []] if _has_settings(folder) else [ours]
    if fix:
        for options in passes:
            _ruff(folder, [*options, "--fix"])
    told = set()
    for options in passes:
        for found in json.loads(_ruff(folder, [*options, "--output-format=json"])):
            code = found["code"]
            if code in {None, "invalid-syntax"}:
                continue  # the import says it better
            place = (found["filename"], found["location"]["row"], code)
            if place not in told:
                told.add(place)
                yield _of_ruff(
                    found, bool(found["fix"]) and found["fix"]["applicability"] == "safe"
                )


def _of_ruff(found: dict[str, Any], safe: bool) -> Finding:
    code = found["code"]
    kind = "style"
    if code.startswith("AIR30"):
        kind = "date" if code == "AIR304" else "removed"
    elif code.startswith(BREAKING) and not code.startswith(HINTS):
        kind = "bug"
    remedy = "`make fix` does it." if safe else "Correct it by hand."
    remedy = f"{remedy} {found['url'] or ''}".strip()
    problem = f"{code} {found['message'].rstrip('.; ')}"
    return Finding(Path(found["filename"]), found["location"]["row"], kind, problem, remedy)


def _ruff(folder: Path, options: list[str]) -> str:
    # from within the folder: ruff falls back to the settings of where it is started
    done = _run([*_beside_python("ruff"), "check", "--no-cache", *options, str(folder)], folder)
    if done.returncode not in (0, 1):
        raise ProgramError(f"ruff cannot run: {done.stderr.strip()}")
    return done.stdout


def _has_settings(folder: Path) -> bool:
    """Say whether the folder, or one above it, chooses rules of its own."""
    for place in (folder, *folder.parents):
        if any((place / name).exists() for name in ("ruff.toml", ".ruff.toml")):
            return True
        project = place / "pyproject.toml"
        if project.exists() and "[tool.ruff" in project.read_text(encoding="utf-8"):
            return True
    return False


def probe(folder: Path, seconds: int, executors: Sequence[str]) -> list[dict[str, Any]]:
    """Import every DAG file with this Python's Airflow and return what the probe saw.

    Airflow itself refuses a file that names an executor other than those.

    A file that ends the probe itself is a finding of that file; the others are imported by another.

    Raises:
        ProgramError: this Python has no Airflow that works.
    """
    files: dict[str, dict[str, Any]] = {}
    while True:
        before = len(files)
        done = _probe(folder, seconds, before, executors)
        for line in done.stdout.splitlines():
            facts = json.loads(line)
            files[facts["file"]] = facts
        if done.returncode == 0:
            return list(files.values())
        if len(files) == before:
            reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ProgramError(f"{sys.executable} cannot import DAGs with Airflow: {reason}")
        last = files[next(reversed(files))]
        last |= {"error": f"the import ended the check (status {done.returncode})", "line": 1}


def _probe(
    folder: Path, seconds: int, done: int, executors: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).with_name("probe.py")
    with tempfile.TemporaryDirectory() as home:
        return _run(
            [sys.executable, str(script), str(folder), str(seconds), str(done)],
            AIRFLOW_HOME=home,  # neither the author's settings nor their database
            AIRFLOW__CORE__LOAD_EXAMPLES="False",
            AIRFLOW__CORE__EXECUTOR=",".join(executors),
            AIRFLOW__CORE__DAGS_FOLDER=str(folder),
            AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{home}/airflow.db",
            AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT="0",
            # enough frames to reach the author's own line
            AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH="50",
            AIRFLOW__LOGGING__LOGGING_LEVEL="CRITICAL",
        )


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
