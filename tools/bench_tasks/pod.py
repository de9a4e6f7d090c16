"""Runs a task as its pod does, and measures what each part of that takes.

The parts of a pod's two processes, by the notes that `marks/sitecustomize.py` takes:

- entry: Python and the imports, up to Airflow's supervisor,
- supervisor: reports the start, forks, listens to the task and reports its end,
- bundle: fetches the version of the DAGs,
- parse: imports the DAG file,
- task: runs the task, its context and its listeners,
- log upload: appends the log to the one in Blob storage.
"""

import json
import os
import select
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from tools.bench_tasks.platform import BenchError, Platform
from tools.locked_venv import ROOT

MARKS = Path(__file__).parent / "marks"
PARTS = ("entry", "supervisor", "bundle", "parse", "task", "log upload")
PEEK_SECONDS = 0.1


@dataclass(frozen=True)
class Cost:
    """CPU and wall clock in seconds, peak memory in MB (shared pages counted once)."""

    cpu: float
    wall: float
    peak_mb: float


@dataclass(frozen=True)
class PodCost(Cost):
    """What the pod of one task took.

    Attributes:
        modules: number of modules loaded at the end, in the process with more of them.
        cpu_of: CPU seconds of each part; their sum is `cpu`. Empty where no notes were taken.
        wall_of: wall-clock seconds of each part; their sum is `wall`.
    """

    modules: int
    cpu_of: Mapping[str, float]
    wall_of: Mapping[str, float]


def run(command: list[str], environment: Mapping[str, str], folder: Path) -> tuple[Cost, int]:
    """Run a command to its end; return its cost, with that of its children, and its status."""
    with (folder / "pod.log").open("ab") as log:
        began = time.monotonic()
        process = subprocess.Popen(
            command, env=dict(environment), cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        return _followed(process, began)
    except BaseException:  # whoever interrupts the bench ends the process, too
        process.kill()
        raise


def _followed(process: subprocess.Popen[bytes], began: float) -> tuple[Cost, int]:
    peak, ended = 0, os.pidfd_open(process.pid)  # is readable once the process has ended
    try:
        while not select.select([ended], [], [], PEEK_SECONDS)[0]:
            peak = max(peak, _memory(process.pid))
    finally:
        os.close(ended)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = Cost(used.ru_utime + used.ru_stime, time.monotonic() - began, peak / 1e6)
    return cost, process.returncode


def _memory(pid: int) -> int:
    total = 0
    try:
        for one in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            total += one.memory_full_info().pss
    except psutil.Error:
        return total
    return total


def run_waiting_task(platform: Platform, more: Mapping[str, str], *, marked: bool) -> PodCost:
    """Run a waiting task, with a pod's environment and the variables of `more`.

    With `marked`, notes are taken, and the cost is split into parts.

    Raises:
        BenchError: the task failed, or a note is missing.
    """
    platform.wait(lambda: any(platform.waiting_room.glob("*.json")), "a task to run")
    workload = min(platform.waiting_room.glob("*.json"))
    notes = workload.with_suffix(".notes")
    environment = {**platform.pod_environment, **more}
    if marked:
        environment["PYTHONPATH"] = f"{MARKS}:{environment['PYTHONPATH']}"
        environment["BENCH_NOTES"] = str(notes)
    entry = [str(platform.programs / "python"), "-m", "airflow.sdk.execution_time.execute_workload"]
    command = [*entry, "--json-string", workload.read_text()]
    began = time.monotonic()
    cost, status = run(command, environment, platform.folder)
    workload.with_suffix(".done").write_text(json.dumps(status))
    workload.unlink()
    if status:
        end = (platform.folder / "pod.log").read_text()[-3000:]
        raise BenchError(f"the task's process ended with {status}:\n{end}")
    if not marked:
        return PodCost(cost.cpu, cost.wall, cost.peak_mb, 0, {}, {})
    passed = {note["mark"]: note for note in map(json.loads, notes.read_text().splitlines())}
    return split(cost, passed, began)


def split(cost: Cost, passed: Mapping[str, Mapping[str, float]], began: float) -> PodCost:
    """Split a pod's cost into its parts.

    Args:
        cost: of the whole pod.
        passed: the notes, by mark: `at` and `cpu` in seconds, `modules`.
        began: when the process was started, in seconds of the monotonic clock.

    Raises:
        BenchError: a note is missing: this Airflow has the function elsewhere.
    """
    if missing := {*PARTS[1:], "end"} - set(passed):
        raise BenchError(
            f"no note of {', '.join(sorted(missing))}: this Airflow has those functions elsewhere; "
            f"correct {MARKS.relative_to(ROOT)}/sitecustomize.py"
        )
    at = {mark: note["at"] for mark, note in passed.items()}
    cpu = {mark: note["cpu"] for mark, note in passed.items()}
    child = passed["log upload"]["children_cpu"]  # the forked process has ended by then
    cpu_of = {
        "entry": cpu["supervisor"],
        "bundle": cpu["parse"] - cpu["bundle"],
        "parse": cpu["task"] - cpu["parse"],
        "task": child - cpu["task"],
        "log upload": cpu["end"] - cpu["log upload"],
    }
    wall_of = {
        "entry": at["supervisor"] - began,
        "bundle": at["parse"] - at["bundle"],
        "parse": at["task"] - at["parse"],
        "task": at["log upload"] - at["task"],
        "log upload": at["end"] - at["log upload"],
    }
    cpu_of["supervisor"] = cost.cpu - sum(cpu_of.values())
    wall_of["supervisor"] = cost.wall - sum(wall_of.values())
    modules = int(max(note["modules"] for note in passed.values()))
    return PodCost(cost.cpu, cost.wall, cost.peak_mb, modules, cpu_of, wall_of)
