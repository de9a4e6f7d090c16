"""Writes what forks found in DAG files together: once a second, in one transaction.

Airflow writes each file alone, some twenty statements and a commit: most of the time of the one
process that also starts the forks. Its own function takes any number of files, and asks most things
once for all of them. What is written stays Airflow's; here is only what waits for it.

Where the database refuses one of many files, Airflow would note the error at the files after it, or
lose all of them. So they are then written one by one, as Airflow does.
"""

import logging
from collections.abc import Callable, Iterator
from functools import partial, wraps
from typing import Any

from airflow.dag_processing.collection import update_dag_parsing_results_in_db
from airflow.dag_processing.manager import DagFileProcessorManager
from airflow.models.dag import DagModel
from airflow.models.dagwarning import DagWarning
from airflow.utils.session import create_session
from sqlalchemy import select, update
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)
Found = dict[str, Any]  # what Airflow gives its own method for a file


def write_together() -> None:
    """Let the DAG processor of this process write what it found in a second at once."""
    processor = DagFileProcessorManager
    alone = processor.persist_parsing_result
    waiting: list[Found] = []

    def keep(manager: DagFileProcessorManager, *, session: Session, **found: Any) -> None:
        waiting.append(found)

    def write(manager: DagFileProcessorManager) -> None:
        found = waiting[:]
        waiting.clear()
        for files in _together(found):
            try:
                _write(files)
            except Exception:
                log.warning("%d files are written one by one", len(files), exc_info=True)
                for file in files:
                    _write_alone(partial(alone, manager), file)

    def first(method: Callable[..., None]) -> Callable[..., None]:
        @wraps(method)
        def after_writing(manager: DagFileProcessorManager, *given: Any, **named: Any) -> None:
            write(manager)
            method(manager, *given, **named)

        return after_writing

    hooks: dict[str, Callable[..., None]] = {"persist_parsing_result": keep}
    # what comes once a second, what looks for DAGs that no file has any more, and the end
    for name in (
        "purge_inactive_dag_warnings",
        "deactivate_deleted_dags",
        "deactivate_stale_dags",
        "after_run",
    ):
        hooks[name] = first(getattr(processor, name))
    for name, method in hooks.items():
        setattr(processor, name, method)


def _write_alone(write: Callable[..., None], found: Found) -> None:
    try:
        with create_session() as session:
            write(session=session, **found)
    except Exception:
        log.exception("%s could not be written", found["relative_fileloc"])


def _together(waiting: list[Found]) -> Iterator[list[Found]]:
    """Yield files of one version of one bundle, in which no DAG is twice."""
    files: list[Found] = []
    dags: set[str] = set()
    for found in waiting:
        more = {dag.dag_id for dag in found["parsing_result"].serialized_dags}
        if files and (dags & more or _version(found) != _version(files[0])):
            yield files
            files, dags = [], set()
        files.append(found)
        dags |= more
    if files:
        yield files


def _version(found: Found) -> tuple[Any, ...]:
    return found["bundle_name"], found["bundle_version"], found["version_data"]


def _write(files: list[Found]) -> None:
    first = files[0]
    name = first["bundle_name"]
    results = [(found["parsing_result"], found["run_duration"]) for found in files]
    errors = {
        (name, path): error
        for result, _ in results
        for path, error in (result.import_errors or {}).items()
    }
    seconds = [
        {"dag_id": dag.dag_id, "last_parse_duration": lasted}
        for result, lasted in results
        for dag in result.serialized_dags
    ]
    with create_session() as session:
        update_dag_parsing_results_in_db(
            bundle_name=name,
            bundle_version=first["bundle_version"],
            version_data=first["version_data"],
            dags=[dag for result, _ in results for dag in result.serialized_dags],
            import_errors=errors,
            parse_duration=None,
            warnings={
                DagWarning(**each) for result, _ in results for each in result.warnings or ()
            },
            session=session,
            files_parsed={(name, found["relative_fileloc"]) for found in files} | errors.keys(),
        )
        if seconds:
            session.execute(update(DagModel), seconds)
        # Airflow notes errors and goes on; what they broke in the database shows only here
        session.execute(select(1))
