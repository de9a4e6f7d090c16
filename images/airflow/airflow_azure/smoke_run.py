"""Runs the DAG `platform_smoke` and reads its log back: `python -m airflow_azure.smoke_run`.

For the API server's pod, whose identity may start runs and read logs as it does for users. So
nobody needs a token of Airflow's: who may enter that pod is for Kubernetes to say.

Exit status: 0 it was parsed, ran, and its log was read; 1 it was not, and the last line says which.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from airflow.api.common.trigger_dag import trigger_dag
from airflow.models import DagModel, DagRun, TaskInstance
from airflow.models.errors import ParseImportError
from airflow.utils.log.log_reader import TaskLogReader
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType
from sqlalchemy import select

DAG, TASK = "platform_smoke", "say"
BUNDLE = "platform_smoke"
PAUSE_SECONDS = 2


class SmokeError(Exception):
    """What did not happen."""


def main(
    seconds: Annotated[int, typer.Option(min=1, help="Until it is parsed, and until it ended.")] = (
        600
    ),
    log_seconds: Annotated[
        int, typer.Option(min=1, help="Until its log is there: it is sent when the task has ended.")
    ] = 60,
) -> None:
    """Run the DAG, and read its log."""
    try:
        _until(_parsed, seconds, f"{DAG} is not parsed: does the DAG processor run?")
        run_id = f"smoke__{datetime.now(UTC).isoformat(timespec='seconds')}"
        trigger_dag(DAG, triggered_by=DagRunTriggeredByType.CLI, run_id=run_id)
        print(f"{DAG} is parsed; started {run_id}")
        _until(lambda: _ended(run_id), seconds, lambda: _where(run_id))
        print(f"{run_id} succeeded")
        _until(lambda: run_id in _log(run_id), log_seconds, f"no log of {run_id} can be read")
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
        return dag is not None and not dag.is_stale


def _ended(run_id: str) -> bool:
    of_run = select(DagRun.state).where(DagRun.dag_id == DAG, DagRun.run_id == run_id)
    with create_session() as session:
        state = session.scalar(of_run)
    if state == DagRunState.FAILED:
        raise SmokeError(f"{run_id} failed; the end of its log: {_log(run_id)[-500:]}")
    return bool(state == DagRunState.SUCCESS)


def _where(run_id: str) -> str:
    """Say how far the run is: whose work it waits for."""
    with create_session() as session:
        task = session.scalar(
            select(TaskInstance.state).where(
                TaskInstance.dag_id == DAG, TaskInstance.run_id == run_id
            )
        )
    return f"{run_id} has not ended: its task is {task or 'not scheduled'}"


def _log(run_id: str) -> str:
    with create_session() as session:
        task = session.scalar(
            select(TaskInstance).where(TaskInstance.dag_id == DAG, TaskInstance.run_id == run_id)
        )
        if task is None:
            return ""
        return "".join(TaskLogReader().read_log_stream(task, None, {"end_of_log": False}))


if __name__ == "__main__":
    typer.run(main)
