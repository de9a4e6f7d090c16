"""How long DAG files take: an upload until it is in the database, all files, and none."""

import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from statistics import median

import psutil

from tools.bench_tasks.platform import Platform, platform
from tools.bench_tasks.processes import cpu_seconds
from tools.bench_tasks.tables import Table, machine

SIZES = (10, 200, 1_000, 5_000)
MANY = 1_000
REST_SECONDS = 30
PATIENCE_SECONDS = 3_600
COLUMNS = (
    "DAG files",
    "first parse s",
    "CPU s a file",
    "a change in the database s",
    "slowest",
    "all parsed again s",
    "CPU s a file, again",
    "cores at rest",
    "MB",
    "load",
)
DAG = """
from datetime import UTC, datetime

from airflow.sdk import dag, task


@dag(dag_id="{name}", schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC))
def small():
    @task
    def extract():
        return 1

    @task
    def load(rows):
        print(rows, "{text}")

    load(extract())


small()
"""


def measure(
    rounds: int, *, sizes: Sequence[int] = SIZES, rest: float = REST_SECONDS
) -> Iterator[Table]:
    """For each size upload that many files, then change one `rounds` times; yield the table so far.

    A change makes every file due for parsing, so with many files one is changed only once.
    """
    table = Table("dag-files", COLUMNS, machine())
    for size in sizes:
        turns = rounds if size < MANY else 1
        with platform(executor=False) as running:
            measured = [*_of_size(running, size, turns, rest)]
        table.add(f"{size:,}", *measured, f"{os.getloadavg()[2]:.1f}")
        yield table


def _of_size(running: Platform, size: int, rounds: int, rest: float) -> Iterator[float]:
    dags = running.folder / "dags"
    dags.mkdir()
    for number in range(size):
        (dags / f"dag_{number:05}.py").write_text(DAG.format(name=f"dag_{number:05}", text=""))
    process = running.start("dag-processor")
    running.upload(dags)
    began, used = time.monotonic(), cpu_seconds(process.pid)
    running.wait(lambda: running.parsed() == size, f"{size} DAGs parsed", PATIENCE_SECONDS)
    yield time.monotonic() - began
    yield (cpu_seconds(process.pid) - used) / size
    changes, again, cpu = [], [], []
    for turn in range(rounds):
        name = f"dag_{size // 2:05}"
        (dags / f"{name}.py").write_text(DAG.format(name=name, text=f"changed {turn}"))
        used = cpu_seconds(process.pid)
        running.upload(dags)
        began, (moment,) = time.monotonic(), running.sql("select now()")
        code = (
            f"select 1 from dag_code where dag_id = '{name}' and source_code like '%changed {turn}"
        )
        running.wait(partial(running.sql, f"{code}%'"), "the change in the database", 600)
        changes.append(time.monotonic() - began)
        older = f"select 1 from dag where last_parsed_time < '{moment}' limit 1"
        running.wait(partial(_nothing, running, older), "all again", PATIENCE_SECONDS)
        again.append(time.monotonic() - began)
        cpu.append((cpu_seconds(process.pid) - used) / size)
    yield median(changes)
    yield max(changes)
    yield median(again)
    yield median(cpu)
    used = cpu_seconds(process.pid)
    time.sleep(rest)
    yield (cpu_seconds(process.pid) - used) / rest
    yield psutil.Process(process.pid).memory_full_info().pss / 1e6


def _nothing(running: Platform, query: str) -> bool:
    return not running.sql(query)
