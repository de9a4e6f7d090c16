"""Work for a scheduler: DAGs of many tasks, runs that are triggered, and tasks that end at once.

No task's process runs. That a task started and succeeded is written into the database, as the API
server would write it.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from local_kubernetes.repeat import repeated

from tools.bench_tasks.platform import BenchError, Platform

LOOK_SECONDS = 0.3
DAGS_OF_A_FILE = 50
DAG = """
from datetime import UTC, datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

for number in range({first}, {last}):
    with DAG(
        f"dag_{{number:05}}",
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        max_active_runs=1_000,
        max_active_tasks=10_000,
    ) as dag:
        first, *others = [
            BashOperator(task_id=f"task_{{place:04}}", bash_command="true")
            for place in range({tasks})
        ]
        if {after}:
            first >> others
    globals()[dag.dag_id] = dag
"""
# a task instance by its id; queued only: what Airflow gave up in between stays as it is
ENDED = """
update task_instance set state = 'success', start_date = now(), end_date = now(), duration = 0,
  updated_at = now() where state = 'queued' and id in ({ids});
"""
Report = Callable[[], object]  # tells the executor that a task ended
Started = Callable[[], Sequence[tuple[str, Report]]]


def parse(running: Platform, *, dags: int, tasks: int, after: bool) -> None:
    """Let a DAG processor read DAGs of so many tasks; with `after` all wait for the first."""
    folder = running.folder / "dags"
    folder.mkdir()
    for first in range(0, dags, DAGS_OF_A_FILE):
        last = min(dags, first + DAGS_OF_A_FILE)
        text = DAG.format(first=first, last=last, tasks=tasks, after=after)
        (folder / f"dags_{first:05}.py").write_text(text)
    running.read(folder, dags, 1_800)


def trigger(running: Platform, dag_id: str) -> str:
    """Trigger a run by the API; return its id."""
    answer = running.api("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None})
    return str(answer["dag_run_id"])


def unfinished(running: Platform) -> int:
    """Return how many runs have not ended, after a moment."""
    time.sleep(LOOK_SECONDS)
    query = "select count(*) from dag_run where state in ('queued', 'running')"
    return int(running.sql(query)[0])


def of_runs_since(running: Platform, moment: str) -> str:
    """Return a FROM clause: the runs that were queued since a timestamp of PostgreSQL.

    Raises:
        BenchError: one of them did not succeed.
    """
    runs = f"dag_run where queued_at > '{moment}'"
    if failed := running.sql(f"select dag_id, run_id from {runs} and state <> 'success'"):
        raise BenchError(f"{len(failed)} runs did not succeed, {failed[0]}")
    return runs


@contextmanager
def tasks_that_end(running: Platform, started: Started) -> Iterator[None]:
    """While the block runs, let each task succeed soon after it was started.

    Args:
        running: the Airflow of the tasks.
        started: returns the task instances that were started since the last call: the id of each,
            and a function to call when it has ended.

    Raises:
        BenchError: they could not be ended.
    """
    failed = list[BenchError]()

    def look() -> None:
        if failed:
            return
        try:
            if found := started():
                running.sql(ENDED.format(ids=", ".join(f"'{one}'" for one, _ in found)))
                for _, report in found:
                    report()
        except BenchError as error:
            failed.append(error)

    with repeated(look, seconds=LOOK_SECONDS):
        yield
    if failed:
        raise failed[0]


def of_the_waiting_room(running: Platform) -> Started:
    """Return a function that takes the started tasks out of the waiting room."""

    def started() -> list[tuple[str, Report]]:
        found: list[tuple[str, Report]] = []
        for workload in running.waiting_room.glob("*.json"):
            taken = workload.rename(workload.with_suffix(".taken"))
            taken_id = json.loads(taken.read_text())["ti"]["id"]
            taken.write_text("0")
            found.append((taken_id, partial(taken.rename, workload.with_suffix(".done"))))
        return found

    return started
