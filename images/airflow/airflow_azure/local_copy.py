"""The newest version of a source on the local disk: changed blobs fetched, switched in one step."""

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow_azure import snapshot
from airflow_azure.blobs import Blob, BlobChangedError
from airflow_azure.snapshot import SnapshotError
from airflow_azure.source import Source

log = logging.getLogger(__name__)
ATTEMPTS = 3  # an upload of several files may change the container during a sync
PARSE_MAY_LAST = timedelta(hours=1)
# called with a version's name, folder and paths before it becomes the current one
Announce = Callable[[str, Path, Iterable[str]], None]


@dataclass(frozen=True)
class Synced:
    """What a folder holds: kept beside the folders as `latest.json`."""

    source: str
    version: str
    announced: bool
    etags: dict[str, str]
    digests: dict[str, str]


class LocalCopy:
    """Folders of versions, one of them current; the caller keeps other processes out."""

    def __init__(self, folder: Path, source: Source) -> None:
        self._folder = folder
        self._source = source
        self._state = folder / "latest.json"
        self.synced: Synced | None = None

    @property
    def path(self) -> Path:
        """The current version's folder, which no sync ever changes."""
        return self._folder / self.synced.version if self.synced else self._folder / "none"

    def recall(self) -> None:
        """Take up what an earlier process left, if it is of this source and whole."""
        try:
            state = Synced(**json.loads(self._state.read_text()))
        except (OSError, ValueError, TypeError):
            return
        if state.source == self._source.url and (self._folder / state.version).is_dir():
            self.synced = state

    def sync(self, announce: Announce | None) -> None:
        """Make the current version what the source holds now.

        Raises:
            SnapshotError: the source passes a limit, or changes all the time.
            StorageUnavailableError: storage is away; the current version stays.
        """
        for _attempt in range(ATTEMPTS):
            blobs = self._source.files()
            etags = {path: blob.etag for path, blob in blobs.items()}
            if self.synced and self.synced.etags == etags and self.path.is_dir():
                self._announce_current(self.synced, announce)
                return
            try:
                with new_folder(self._folder) as folder:
                    self._switch(folder, etags, self._fill(folder, blobs), announce)
                return
            except BlobChangedError as changed:
                log.info("%s changed during the sync: %s", self._source.url, changed)
        raise SnapshotError(
            f"the files in {self._source.url} changed during {ATTEMPTS} syncs in a row; the next "
            "refresh tries again"
        )

    def _announce_current(self, synced: Synced, announce: Announce | None) -> None:
        if announce:
            announce(synced.version, self.path, synced.digests)
            self._remember(Synced(**{**asdict(synced), "announced": True}))

    def _fill(self, folder: Path, blobs: dict[str, Blob]) -> dict[str, str]:
        digests = {}
        for path, blob in blobs.items():
            if self.synced and self.synced.etags.get(path) == blob.etag:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):  # somebody cleaned up: fetch it again
                    os.link(self.path / path, folder / path)
                    digests[path] = self.synced.digests[path]
        changed = [path for path in blobs if path not in digests]

        def fetch(path: str) -> str:
            content = self._source.container.read(blobs[path])
            snapshot.write(folder / path, content)
            return snapshot.digest(content)

        with ThreadPoolExecutor(8) as pool:
            return digests | dict(zip(changed, pool.map(fetch, changed), strict=True))

    def _switch(
        self,
        folder: Path,
        etags: dict[str, str],
        digests: dict[str, str],
        announce: Announce | None,
    ) -> None:
        version = snapshot.version_of(digests)
        if announce:
            announce(version, folder, digests)
        target = self._folder / version
        if not target.exists():
            folder.rename(target)
        os.utime(target)  # its age counts from now, also when an older version came back
        self._remember(Synced(self._source.url, version, announce is not None, etags, digests))
        log.info("%s is at version %s: %d files", self._source.url, version, len(etags))
        self._prune(version)

    def _remember(self, synced: Synced) -> None:
        pending = self._folder / f".latest-{os.getpid()}.json"
        pending.write_text(json.dumps(asdict(synced)))
        pending.replace(self._state)
        self.synced = synced

    def _prune(self, current: str) -> None:
        made = {
            entry.name: datetime.fromtimestamp(entry.stat().st_mtime, UTC)
            for entry in self._folder.iterdir()
            if entry.is_dir() and not entry.name.startswith(".")
        }
        now = datetime.now(UTC)
        for old in snapshot.superseded(made, current, now=now, keep=PARSE_MAY_LAST):
            shutil.rmtree(self._folder / old)


@contextmanager
def new_folder(parent: Path) -> Iterator[Path]:
    """Make a folder to fill and then rename; what is not renamed is removed."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
    folder.chmod(0o755)  # mkdtemp's 0700 would hide it from tasks that run as another user
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
