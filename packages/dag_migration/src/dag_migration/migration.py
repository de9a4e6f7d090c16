"""The migration of one folder: read, fix in a working copy, import, judge."""

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dag_migration.airflow import Airflow
from dag_migration.fixing import Fixer
from dag_migration.judgement import Judge
from dag_migration.model import FileReport
from dag_migration.source import Source
from dag_migration.working_copy import Progress, WorkingCopy

RECURSION = 5000  # calls may be chained by the hundred


@dataclass(frozen=True)
class Migrated:
    """One file after the migration."""

    report: FileReport
    data: bytes | None  # what the target holds; None: nothing was copied


def migrate(
    files: list[Source],
    airflow: Airflow,
    *,
    edited: Mapping[str, bytes] | None = None,
    catchup: bool = True,
    folder: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> list[Migrated]:
    """Return every file as it should be under Airflow 3, with what is left to do.

    Args:
        files: what `sources` yielded.
        airflow: a running environment of the new Airflow.
        edited: migrated files that a person has changed since, by path: these are judged, not made.
        catchup: what the old airflow.cfg sets as `catchup_by_default`.
        folder: the source folder, around which lies what its files may import, too.
        progress: called with the name of the step, what is done and the total.

    Raises:
        RuntimeError: ruff could not run.
        AirflowFailedError: Airflow ended.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
    with tempfile.TemporaryDirectory(prefix="dag-migration-") as place:
        root = Path(place).resolve()
        copy = WorkingCopy(root, files, airflow, dict(edited or {}), progress, folder)
        Fixer(copy, catchup).fix()
        reports = Judge(copy, catchup).reports()
        return [Migrated(reports[s.path], copy.data(s)) for s in files]
