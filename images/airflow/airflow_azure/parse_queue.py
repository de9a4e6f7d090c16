"""Makes a new version's DAG files due in the DAG processor, and forgets what callbacks leave.

Airflow's queue of files to parse knows nothing of versions. When a bundle changes to a new folder,
what waits is still parsed from the folder before and counts as parsed after the change, and files
that were parsed already come when `min_file_process_interval` is over. So every file of a bundle
with a new folder goes to the front of the queue here, what changed last before the others: a helper
module may have changed, and Airflow cannot say for which files.

A file that could not be imported comes again after five minutes: what it missed may be back.

A callback leaves in Airflow a second record of its file, for ever and without a time of parsing:
the file is parsed in every loop (apache/airflow#73432). Here it is dropped.

Airflow counts DAGs and failed files when its queue is empty, without those that are being parsed
then, and not again until files are due: up to an hour late. Here it counts every minute.

The processor asks `claim_priority_files` for files that go before all others, and
`fetch_callbacks` for callbacks; Airflow offers both to be overridden. It asks both of the database,
and for old warnings, in each of its loops, several for a file: a quarter of its time. Here it asks
once a second. And while nothing waits it looks at the times of all files each second, a quarter of
a core with 5,000 of them: every five seconds are enough where a new version does not wait for it.

A fork for a file sets its signals, and `signal.signal` writes the handler before into an error that
it drops again: the manager with all its files, half of a fork's time with 3,500 of them. So the
manager is written as any object is.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

from airflow.dag_processing.manager import DagFileInfo, DagFileProcessorManager
from airflow.observability.stats import Stats

COUNTED_SECONDS = 60
LOOK_SECONDS = 5
FAILED_AGAIN = timedelta(minutes=5)
Key = tuple[str, Path]  # a bundle's name, and the file's path in it


def put_in_order() -> None:
    """Let the DAG processor of this process parse new versions first, and ask less often."""
    processor = DagFileProcessorManager
    claim = _every(1, processor.claim_priority_files, list)
    prepare = processor.prepare_file_queue
    due = Due()
    failed = _every(1, due.failed, list)
    count = _every(COUNTED_SECONDS, _count)

    def claims(manager: DagFileProcessorManager) -> list[DagFileInfo]:
        count(manager)
        # not in front: some that hang until their time is over would keep all others waiting
        manager._add_files_to_queue(failed(manager), mode="back")
        # What Airflow puts in front last is parsed first. In each loop: the next one would already
        # have begun with a file that waits
        return [*due.files(manager), *claim(manager)]

    def prepares(
        manager: DagFileProcessorManager, known_files: dict[str, set[DagFileInfo]]
    ) -> None:
        _forget_callbacks(manager)  # else it takes their files for due
        prepare(manager, known_files)

    hooks: dict[str, Callable[..., Any]] = {
        "claim_priority_files": claims,
        "prepare_file_queue": _every(LOOK_SECONDS, prepares),
        "fetch_callbacks": _every(1, processor.fetch_callbacks, list),
        "purge_inactive_dag_warnings": _every(1, processor.purge_inactive_dag_warnings),
        "__repr__": object.__repr__,
    }
    for name, method in hooks.items():
        setattr(processor, name, method)


def _every(
    seconds: float, method: Callable[..., Any], otherwise: Callable[[], Any] = lambda: None
) -> Callable[..., Any]:
    """Return the method that is called only so often, and `otherwise` in between."""
    called = float("-inf")

    @wraps(method)
    def sometimes(*given: Any, **named: Any) -> Any:
        nonlocal called
        now = time.monotonic()
        if now - called < seconds:
            return otherwise()
        called = now
        return method(*given, **named)

    return sometimes


class Due:
    """The folders of bundles, and the files that are due though their time is not over."""

    def __init__(self) -> None:
        self._folders: dict[str, Path] = {}
        self._due: set[Key] = set()

    def files(self, manager: DagFileProcessorManager) -> list[DagFileInfo]:
        """Return files to parse from their bundle's new folder, what changed last at the end.

        A file that is just being parsed from the folder before comes when that is over: Airflow
        takes no file up twice.
        """
        for bundle in manager._dag_bundles:
            if not bundle.is_initialized:
                continue
            folder = bundle.path
            if self._folders.setdefault(bundle.name, folder) != folder:
                self._folders[bundle.name] = folder
                self._due |= {key for key in _known(manager) if key[0] == bundle.name}
        if self._due:
            self._due &= _known(manager)  # not what was deleted since
        if not self._due:
            return []
        at_work = {_key(file): file.bundle_path for file in _unversioned(manager._processors)}
        ready = self._due - at_work.keys()
        self._due = {key for key in self._due - ready if at_work[key] != self._folders[key[0]]}
        return self._oldest_first(ready)

    def failed(self, manager: DagFileProcessorManager) -> list[DagFileInfo]:
        """Return files that failed, and were not tried again since."""
        since = datetime.now(UTC) - FAILED_AGAIN
        failed = (
            file
            for file, stat in manager._file_stats.items()
            if stat.import_errors and stat.last_finish_time and stat.last_finish_time < since
        )
        return self._oldest_first(
            _key(file)
            for file in _unversioned(failed)
            if file not in manager._file_queue and file not in manager._processors
        )

    def _oldest_first(self, keys: Iterable[Key]) -> list[DagFileInfo]:
        found = []
        for name, path in keys:
            file = DagFileInfo(path, name, self._folders[name])
            with suppress(OSError):  # not in this version
                found.append((os.stat(file.absolute_path).st_mtime_ns, file))
        return [file for _, file in sorted(found, key=lambda each: each[0])]


def _known(manager: DagFileProcessorManager) -> set[Key]:
    """Return the files that were parsed, are parsed, or wait; Airflow itself finds the new ones."""
    known = (*manager._file_stats, *manager._file_queue, *manager._processors)
    return {_key(file) for file in _unversioned(known)}


def _key(file: DagFileInfo) -> Key:
    return file.bundle_name, file.rel_path


def _unversioned(files: Iterable[DagFileInfo]) -> Iterator[DagFileInfo]:
    """Yield the files without those of callbacks, which are of the version that was called back."""
    return (file for file in files if not file.bundle_version)


def _forget_callbacks(manager: DagFileProcessorManager) -> None:
    for file in [file for file in manager._file_stats if file.bundle_version]:
        del manager._file_stats[file]


def _count(manager: DagFileProcessorManager) -> None:
    waits = _unversioned(manager._file_queue)
    if not manager._file_stats or any(file not in manager._file_stats for file in waits):
        return  # it has just started, and does not know yet
    seen = manager._file_stats.values()
    Stats.gauge("dagbag_size", sum(stat.num_dags for stat in seen))
    Stats.gauge("dag_processing.import_errors", sum(stat.import_errors for stat in seen))
