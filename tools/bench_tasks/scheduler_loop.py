"""How a full database slows the scheduler: its loops, and how long a triggered run waits.

Measured without a history, with a full one, and after the nightly cleanup deleted its older half.
"""

import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from observability.metrics import AIRFLOW_CONFIG
from tools.bench_tasks import pod
from tools.bench_tasks.load import (
    of_runs_since,
    of_the_waiting_room,
    parse,
    tasks_that_end,
    trigger,
    unfinished,
)
from tools.bench_tasks.metrics import LOOP, Timers, timers
from tools.bench_tasks.platform import BenchError, Platform, platform
from tools.bench_tasks.processes import cpu_seconds
from tools.bench_tasks.tables import Table, machine

HISTORY = Path(__file__).parent / "history.sql"
STATEMENTS = ("statement", "calls", "ms", "share %")
STRIDE = 37  # of the DAGs that are triggered one after the other
PATIENCE_SECONDS = 1_800
DAYS = 180
KEPT_DAYS = 90  # airflow.database_retention_days by default
FILLED = ("dag_run", "task_instance", "log", "xcom", "rendered_task_instance_fields")
# A quarter of the memory, as Azure gives it to a server of 8 GB; the statements' times are kept.
SERVER = {
    "shared_buffers": "2GB",
    "effective_cache_size": "6GB",
    "max_wal_size": "8GB",
    "full_page_writes": "off",
    "maintenance_work_mem": "256MB",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track_utility": "off",
}
LOOPS = (
    "history",
    "runs",
    "task instances",
    "MB",
    "loop at rest ms",
    "loop ms",
    "p95 ms",
    "times",
    "slowest ms",
    "queued after s",
    "p95 s",
    "scheduler CPU ms a task",
    "PostgreSQL CPU ms a task",
    "load",
)
CLEANUP = (
    "cleanup",
    "rows before",
    "rows after",
    "s",
    "CPU s",
    "PostgreSQL CPU s",
    "MB before",
    "MB after",
    "of it free MB",
    "load",
)


@dataclass(frozen=True)
class Size:
    """The size of the history and of the load.

    Attributes:
        dags: number of DAGs.
        tasks: number of tasks of each DAG; all but the first wait for the first.
        runs: number of runs in the history.
        triggers: number of runs that are triggered in a round.
        pause: seconds between two triggers.
        rest: seconds without any.
    """

    dags: int = 500
    tasks: int = 30
    runs: int = 100_000
    triggers: int = 30
    pause: float = 2
    rest: float = 20


WHOLE = Size()


def measure(rounds: int, *, size: Size = WHOLE) -> Iterator[Table]:
    """Measure without, with, and after cleaning a history; yield the tables so far each time."""
    loops = Table("scheduler-loops", LOOPS, machine())
    statements = Table("scheduler-statements", STATEMENTS, machine())
    cleanup = Table("scheduler-cleanup", CLEANUP, machine())
    with timers() as heard, platform(executor=False, server=SERVER) as running:
        running.set("metrics", **AIRFLOW_CONFIG, statsd_host="127.0.0.1")
        running.set("metrics", statsd_port=heard.port)
        running.serve()
        parse(running, dags=size.dags, tasks=size.tasks, after=True)
        running.sql("create extension pg_stat_statements")
        slowest_of_none = 0.0
        for name in ("none", "all of it", "what the cleanup left"):
            if name == "all of it":
                fill(running, size)
            elif name != "none":
                cleanup.add(f"older than {KEPT_DAYS} days", *_cleanup(running))
                yield cleanup
            found = _phase(running, heard, size, rounds)
            slowest_of_none = slowest_of_none or found.p95
            loops.add(name, *found.row(slowest_of_none))
            yield loops
            for row in _statements(running):
                statements.add(f"{name}: {row[0]}", *row[1:])
            yield statements


def fill(running: Platform, size: Size) -> None:
    """Write the history into the database: runs that have succeeded, and their tasks."""
    given = {"runs": size.runs, "tasks": size.tasks, "days": DAYS}
    variables = "".join(f"\\set {name} {value}\n" for name, value in given.items())
    running.sql(variables + HISTORY.read_text())
    running.sql("checkpoint")


@dataclass(frozen=True, kw_only=True)
class Found:
    """Results of a scheduler with one history: loops in milliseconds, waits in seconds."""

    rows: Sequence[int]
    megabytes: float
    at_rest: Sequence[float]
    busy: Sequence[float]
    waits: Sequence[float]
    scheduler_cpu: float
    database_cpu: float
    load: float

    @property
    def p95(self) -> float:
        """The 95th percentile of the loops with work to do, in milliseconds."""
        return _p95(self.busy)

    def row(self, p95_of_none: float) -> list[float | str]:
        """Return the row of `LOOPS`, beside the 95th percentile without a history."""
        return [
            *(f"{count:,}" for count in self.rows),
            self.megabytes,
            median(self.at_rest),
            median(self.busy),
            self.p95,
            self.p95 / p95_of_none,
            max(self.busy),
            median(self.waits),
            _p95(self.waits),
            self.scheduler_cpu,
            self.database_cpu,
            f"{self.load:.1f}",
        ]


def _phase(running: Platform, heard: Timers, size: Size, rounds: int) -> Found:
    running.sql("vacuum analyze")  # what autovacuum does within hours
    rows, megabytes = [_count(running, table) for table in FILLED[:2]], _megabytes(running)
    scheduler, database = running.start("scheduler", "--skip-serve-logs"), running.started[0]
    running.wait(lambda: heard.heard.get(LOOP), "the scheduler's first loop")
    time.sleep(size.rest / 2)  # what it does once at its start
    heard.take(LOOP)
    time.sleep(size.rest)
    running.wait(lambda: heard.heard.get(LOOP), "a loop of the scheduler at rest")
    at_rest = heard.take(LOOP)
    (moment,) = running.sql("select pg_stat_statements_reset(), now()")
    moment = moment.lstrip("|")
    used = cpu_seconds(scheduler.pid), cpu_seconds(database.pid)
    with tasks_that_end(running, of_the_waiting_room(running)):
        for number in range(rounds * size.triggers):
            began = time.monotonic()
            trigger(running, f"dag_{number * STRIDE % size.dags:05}")
            time.sleep(max(0.0, began + size.pause - time.monotonic()))
        running.wait(lambda: not unfinished(running), "the end of all runs", PATIENCE_SECONDS)
    busy, load = heard.take(LOOP), os.getloadavg()[0]
    took = cpu_seconds(scheduler.pid) - used[0], cpu_seconds(database.pid) - used[1]
    running.stop(scheduler)
    tasks = rounds * size.triggers * size.tasks
    return Found(
        rows=rows,
        megabytes=megabytes,
        at_rest=[1_000 * seconds for seconds in at_rest],
        busy=[1_000 * seconds for seconds in busy],
        waits=_waits(running, moment),
        scheduler_cpu=1_000 * took[0] / tasks,
        database_cpu=1_000 * took[1] / tasks,
        load=load,
    )


def _waits(running: Platform, since: str) -> list[float]:
    """Return the seconds that each triggered run waited until its first task was queued."""
    runs = of_runs_since(running, since)
    query = (
        "select extract(epoch from min(queued_dttm) - queued_at) from task_instance "
        f"join (select dag_id, run_id, queued_at from {runs}) as run using (dag_id, run_id) "
        "group by dag_id, run_id, queued_at"
    )
    return [float(seconds) for seconds in running.sql(query)]


def _cleanup(running: Platform) -> Iterator[float | str]:
    before, megabytes = sum(_count(running, table) for table in FILLED), _megabytes(running)
    database = running.started[0].pid
    used = cpu_seconds(database)
    python = str(running.programs / "python")
    command = [python, "-m", "airflow_azure.cleanup", "--days", str(KEPT_DAYS)]
    cost, status = pod.run(command, running.settings, running.folder)
    if status:
        end = (running.folder / "pod.log").read_text()[-2000:]
        raise BenchError(f"the cleanup ended with {status}: {end}")
    yield f"{before:,}"
    yield f"{sum(_count(running, table) for table in FILLED):,}"
    yield from (cost.wall, cost.cpu, cpu_seconds(database) - used, megabytes)
    running.sql("vacuum")
    yield _megabytes(running)
    running.sql("create extension if not exists pg_freespacemap")
    free = "select sum(avail) / 1e6 from pg_class, pg_freespace(oid) where relkind = 'r'"
    yield float(running.sql(free)[0])
    yield f"{os.getloadavg()[0]:.1f}"


def _statements(running: Platform) -> Iterator[tuple[str, str, float, float]]:
    """Yield Airflow's most expensive statements: text, calls, milliseconds a call, share of all.

    Airflow writes SQL's keywords in capitals, and the bench does not: so its own are left out.
    """
    query = (
        "select calls, mean_exec_time, 100 * total_exec_time / sum(total_exec_time) over (), "
        "translate(query, E'\n|', '  ') from pg_stat_statements where query ~ '^[A-Z]' "
        "order by 3 desc limit 3"
    )
    for line in running.sql(query):
        calls, mean, share, text = line.split("|", 3)
        short = re.sub(r"^SELECT .*? FROM ", "SELECT ... FROM ", " ".join(text.split()))
        yield f"`{short[:100].replace('`', '')}`", calls, float(mean), float(share)


def _count(running: Platform, table: str) -> int:
    return int(running.sql(f"select count(*) from {table}")[0])


def _megabytes(running: Platform) -> float:
    return float(running.sql("select pg_database_size('airflow') / 1e6")[0])


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
