"""Writes what forks found in DAG files together: once a second, in one transaction.

Airflow writes each file alone, some twenty statements and a commit: most of the time of the one
process that also starts the forks. Its own function takes any number of files, and asks most things
once for all of them. What is written stays Airflow's; here is only what waits for it.

Where the database refuses one of many files, Airflow would note the error at the files after it, or
lose all of them. So they are then written one by one, as Airflow does, and the one that is refused
alone from then on: it counts as a file that failed, which `parse_queue` tries again. Where the
database is gone, the processor ends, as Airflow's does: started again, it parses all files.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from functools import partial, wraps
from pathlib import Path
from typing import Any

from airflow.dag_processing.collection import update_dag_parsing_results_in_db
from airflow.dag_processing.manager import DagFileInfo, DagFileProcessorManager
from airflow.models.dag import DagModel
from airflow.models.dagwarning import DagWarning
from airflow.utils.session import create_session
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)
Found = dict[str, Any]  # what Airflow gives its own method for a file
Key = tuple[str, str]  # a bundle's name, and the file's path in it


def write_together() -> None:
    """Let the DAG processor of this process write what it found in a second at once."""
    processor = DagFileProcessorManager
    alone = processor.persist_parsing_result
    waiting: list[Found] = []
    refused: set[Key] = set()

    def keep(manager: DagFileProcessorManager, *, session: Session, **found: Any) -> None:
        waiting.append(found)

    def write(manager: DagFileProcessorManager) -> None:
        found = waiting[:]
        waiting.clear()
        for files in _together(found, refused):
            if len(files) > 1:
                try:
                    _write(files)
                except Exception:
                    log.warning(
                        "written one by one, what the log said just before is void: %s",
                        ", ".join(file["relative_fileloc"] for file in files),
                        exc_info=True,
                    )
                else:
                    continue
            for file in files:
                if _write_alone(partial(alone, manager), file):
                    refused.discard(_key(file))
                else:
                    refused.add(_key(file))
                    _note_failure(manager, _key(file))

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


def _write_alone(write: Callable[..., None], found: Found) -> bool:
    try:
        with create_session() as session:
            write(session=session, **found)
            _refuse_broken(session)
    except OperationalError:
        raise
    except Exception:
        log.exception("%s could not be written", found["relative_fileloc"])
        return False
    return True


def _note_failure(manager: DagFileProcessorManager, key: Key) -> None:
    bundle, path = key
    if stat := manager._file_stats.get(DagFileInfo(Path(path), bundle)):
        stat.import_errors = 1


def _together(waiting: list[Found], alone: Collection[Key]) -> Iterator[list[Found]]:
    """Yield files of one version of one bundle, in which no file and no DAG is twice."""
    files: list[Found] = []
    there: set[str] = set()
    for found in waiting:
        dags = {f"dag {dag.dag_id}" for dag in found["parsing_result"].serialized_dags}
        more = {found["relative_fileloc"], *dags}
        if files and (
            there & more
            or _version(found) != _version(files[0])
            or (alone and {_key(found), _key(files[-1])} & {*alone})
        ):
            yield files
            files, there = [], set()
        files.append(found)
        there |= more
    if files:
        yield files


def _key(found: Found) -> Key:
    return found["bundle_name"], str(found["relative_fileloc"])


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
        _refuse_broken(session)


def _refuse_broken(session: Session) -> None:
    """Raise where a statement failed before: Airflow notes that and goes on, to an empty commit."""
    session.execute(select(1))
