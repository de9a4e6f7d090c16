"""Runs the DAG `platform_smoke` and reads its logs back: `python -m airflow_azure.smoke_run`.

For the API server's pod, whose identity may start runs and read logs as it does for users. So
nobody needs a token of Airflow's: who may enter that pod is for Kubernetes to say.

It has a task for each executor. Exit status: 0 it was parsed, ran, and its logs were read; 1 it was
not, and the last line says which.
"""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer
from airflow.api.common.trigger_dag import trigger_dag
from airflow.configuration import conf
from airflow.models import DagModel, DagRun, TaskInstance
from airflow.models.errors import ParseImportError
from airflow.models.serialized_dag import SerializedDagModel
from airflow.utils.log.log_reader import TaskLogReader
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType
from sqlalchemy import select

DAG = "platform_smoke"
BUNDLE = "platform_smoke"
PAUSE_SECONDS = 2


class SmokeError(Exception):
    """What did not happen."""


def main(
    seconds: Annotated[int, typer.Option(min=1, help="Until it is parsed, and until it ended.")] = (
        600
    ),
    log_seconds: Annotated[
        int, typer.Option(min=1, help="Until its logs are there: sent when a task has ended.")
    ] = 60,
) -> None:
    """Run the DAG, and read its logs."""
    try:
        _until(_parsed, seconds, f"{DAG} is not parsed: does the DAG processor run?")
        run_id = f"smoke__{datetime.now(UTC).isoformat(timespec='seconds')}"
        trigger_dag(DAG, triggered_by=DagRunTriggeredByType.CLI, run_id=run_id)
        print(f"{DAG} is parsed; started {run_id}")
        _until(lambda: _ended(run_id), seconds, lambda: _where(run_id))
        print(f"{run_id} succeeded")
        for task in _tasks(run_id):
            unread = f"no log of {run_id} can be read: {_named(task)}"
            _until(partial(_says, task, run_id), log_seconds, unread)
        print("its log was read back")
    except SmokeError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None


def _until(there: Callable[[], bool], seconds: int, otherwise: str | Callable[[], str]) -> None:
    end = time.monotonic() + seconds
    while not there():
        if time.monotonic() > end:
            raise SmokeError(otherwise if isinstance(otherwise, str) else otherwise())
        time.sleep(PAUSE_SECONDS)


def _parsed() -> bool:
    with create_session() as session:
        wrong = select(ParseImportError.stacktrace).where(ParseImportError.bundle_name == BUNDLE)
        if trace := session.scalar(wrong):
            raise SmokeError(f"{DAG} cannot be imported: {trace.strip().splitlines()[-1]}")
        dag = session.get(DagModel, DAG)
        if dag is not None and dag.is_paused:
            raise SmokeError(f"{DAG} is paused: unpause it")
        if dag is None or dag.is_stale:
            return False
        # at first it is still that of the release before, with a task for each of its executors
        written = SerializedDagModel.get_dag(DAG, session=session)
        named = {task.executor for task in written.tasks if task.executor} if written else set()
        return named == set(conf.getlist("core", "executor")[1:])


def _ended(run_id: str) -> bool:
    of_run = select(DagRun.state).where(DagRun.dag_id == DAG, DagRun.run_id == run_id)
    with create_session() as session:
        state = session.scalar(of_run)
    if state == DagRunState.FAILED:
        failed = [task for task in _tasks(run_id) if task.state != TaskInstanceState.SUCCESS]
        ends = "; ".join(f"{_named(task)}: {_log(task)[-500:]}" for task in failed)
        raise SmokeError(f"{run_id} failed; the end of its log: {ends}")
    return bool(state == DagRunState.SUCCESS)


def _where(run_id: str) -> str:
    """Say how far the run is: whose work it waits for."""
    waits = [task for task in _tasks(run_id) if task.state != TaskInstanceState.SUCCESS]
    states = ", ".join(f"{_named(task)} is {task.state or 'not scheduled'}" for task in waits)
    return f"{run_id} has not ended: {states or 'its tasks have'}"


def _tasks(run_id: str) -> Sequence[TaskInstance]:
    """Return the tasks of a run, one for each executor."""
    of_run = select(TaskInstance).where(TaskInstance.dag_id == DAG, TaskInstance.run_id == run_id)
    with create_session() as session:
        return session.scalars(of_run.order_by(TaskInstance.task_id)).all()


def _named(task: TaskInstance) -> str:
    return f"{task.task_id} ({task.executor or 'the first executor'})"


def _says(task: TaskInstance, run_id: str) -> bool:
    return run_id in _log(task)


def _log(task: TaskInstance) -> str:
    return "".join(TaskLogReader().read_log_stream(task, None, {"end_of_log": False}))


if __name__ == "__main__":
    typer.run(main)
