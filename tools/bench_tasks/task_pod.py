"""What the pod of one task costs, part by part: with the image as it is, and with one change."""

import shutil
from collections.abc import Callable, Iterator
from statistics import median

from tools.bench_tasks import pod
from tools.bench_tasks.platform import Platform, platform
from tools.bench_tasks.pod import PARTS, Cost, PodCost
from tools.bench_tasks.tables import Table, machine

DAG_ID = "nothing"
DAG = f"""
from datetime import UTC, datetime

from airflow.sdk import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC))
def {DAG_ID}():
    @task
    def work():
        pass

    work()


{DAG_ID}()
"""
COLUMNS = ("CPU seconds", "in all", "times", *PARTS, "by the clock", "MB", "modules")
AS_IT_IS = "the image as it is"


def measure(rounds: int, *, only: str | None = None) -> Iterator[Table]:
    """Run an empty task `rounds` times in each way, or only in one; yield the table of medians."""
    with platform() as running:
        yield measured(running, rounds, only=only)


def measured(running: Platform, rounds: int, *, only: str | None = None) -> Table:
    """Do the same on a platform that runs."""
    table = Table("task-pod", COLUMNS, machine())
    dags = running.folder / "nothing"
    dags.mkdir()
    (dags / f"{DAG_ID}.py").write_text(DAG)
    running.read(dags, 1)
    costs = _costs(running, rounds, only)
    first = median([cost.cpu for cost in costs[AS_IT_IS]])
    for name, found in costs.items():
        total = median([cost.cpu for cost in found])
        parts = [_part(found, part) for part in PARTS]
        others = [median([getattr(cost, key) for cost in found]) for key in ("wall", "peak_mb")]
        modules = median([cost.modules for cost in found])
        table.add(name, total, total / first, *parts, *others, f"{modules:.0f}" if modules else "")
    return table


def _part(costs: list[PodCost], part: str) -> str:
    known = [cost.cpu_of[part] for cost in costs if part in cost.cpu_of]
    return f"{median(known):.2f}" if known else ""


def _costs(running: Platform, rounds: int, only: str | None) -> dict[str, list[PodCost]]:
    code = running.folder / "code" / "platform"
    bare = running.folder / "bare"  # the code of the image without what Python loads by itself
    shutil.copytree(code, bare, ignore=shutil.ignore_patterns("sitecustomize.*"))
    all_imports = running.folder / "all-imports"
    shutil.copytree(bare, all_imports)
    spares = (code / "sitecustomize.py").read_text()
    imports = spares.index("if of_airflow or of_a_task:")
    (all_imports / "sitecustomize.py").write_text(spares[:imports])
    compiled_anew = {"PYTHONPYCACHEPREFIX": str(running.folder / "nothing-compiled")}

    def task(more: dict[str, str], *, marked: bool = True) -> Callable[[], PodCost]:
        def run() -> PodCost:
            running.api("POST", f"/api/v2/dags/{DAG_ID}/dagRuns", {"logical_date": None})
            return pod.run_waiting_task(running, more, marked=marked)

        return run

    def check() -> PodCost:
        command = [str(running.programs / "airflow"), "db", "check"]
        cost, _ = pod.run(command, running.pod_environment, running.folder)
        return _whole(cost)

    variants = {
        AS_IT_IS: task({}),
        "the same, without taking notes": task({}, marked=False),
        "with all of Airflow's imports": task({"PYTHONPATH": str(all_imports)}),
        "without `sitecustomize.py`": task({"PYTHONPATH": str(bare)}),
        "no valid byte code": task(compiled_anew),
        "`airflow db check` before it, alone": check,
    }
    costs: dict[str, list[PodCost]] = {name: [] for name in variants if only in (None, name)}
    task({})()  # the first one fills the disk's cache
    for _ in range(rounds):
        for name in costs:
            costs[name].append(variants[name]())
    return costs


def _whole(cost: Cost) -> PodCost:
    return PodCost(cost.cpu, cost.wall, cost.peak_mb, 0, {}, {})
