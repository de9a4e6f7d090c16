"""The newest version of a source on the local disk, switched to in one step."""

import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow_azure import snapshot
from airflow_azure.blobs import Blob, BlobChangedError
from airflow_azure.marker import Marker
from airflow_azure.published import PublishedVersions
from airflow_azure.snapshot import ChangedFilesError, SnapshotError
from airflow_azure.source import Listing, Source

log = logging.getLogger(__name__)
ATTEMPTS = 3  # an upload may go on during a sync
PARSE_MAY_LAST = timedelta(hours=1)
LOOKS = 30  # at the marker alone, between two at all files
# called with a version's name, folder and paths before it becomes the current one
Announce = Callable[[str, Path, Iterable[str]], None]


class UnfinishedUploadError(Exception):
    """The source holds a part of an upload; the message says what ends it."""


@dataclass(frozen=True)
class Synced:
    """What the current folder holds: kept beside the folders as `latest.json`.

    Args:
        mark: the ETag of the upload's marker; empty if it had none.
        etags: of the source's files when they were taken.
    """

    source: str
    version: str
    announced: bool
    mark: str
    etags: dict[str, str]
    digests: dict[str, str]


class LocalCopy:
    """Folders of versions, one of them current; the caller keeps other processes out.

    Args:
        source: where files are uploaded.
        versions: where finished uploads are published.
        settle_seconds: how long a folder without a marker must stand still before it is taken.
    """

    def __init__(
        self, folder: Path, source: Source, versions: PublishedVersions, settle_seconds: float
    ) -> None:
        self._folder = folder
        self._source = source
        self._versions = versions
        self._settle_seconds = settle_seconds
        self._state = folder / "latest.json"
        self._seen: tuple[dict[str, str], float] = ({}, 0)
        self._list_at = 0.0
        self._warned: dict[str, str] = {}
        self.synced: Synced | None = None

    @property
    def path(self) -> Path:
        """The current version's folder, whose files no sync ever changes."""
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
        """Make the current version that of the last finished upload.

        Raises:
            UnfinishedUploadError: only a part of an upload is there; the current version stays.
            SnapshotError: the source passes a limit, or changes all the time.
            StorageUnavailableError: storage is away; the current version stays.
        """
        if self.synced and self._is_marked():
            self._announce_current(self.synced, announce)
            return
        why = ""
        for _attempt in range(ATTEMPTS):
            listing = self._source.listing()
            self._list_at = time.monotonic() + LOOKS * self._settle_seconds
            try:
                if listing.marker is None:
                    self._sync_unmarked(listing, announce)
                else:
                    self._sync_marked(listing, listing.marker, announce)
                return
            except BlobChangedError as changed:
                why = str(changed)
                log.info("%s changed during the sync: %s", self._source.url, why)
            except ChangedFilesError as changed:
                why = str(changed)
                log.warning("%s; they are fetched again", why)
                shutil.rmtree(changed.folder, ignore_errors=True)
        raise SnapshotError(
            f"the files in {self._source.url} changed during {ATTEMPTS} syncs in a row; the next "
            f"refresh tries again. The last time: {why}"
        )

    def take_published(self) -> bool:
        """Make the version that was published last the current one; say whether there is one.

        Raises:
            SnapshotError: its archive is damaged.
            StorageUnavailableError: storage is away.
        """
        version = self._versions.newest()
        if version is None:
            return False
        folder = self._folder / version
        if not folder.is_dir():
            self._versions.fetch(version, folder)
        digests = snapshot.digests_of(folder)
        self._switch(Synced(self._source.url, version, True, "", {}, digests))
        return True

    def _is_marked(self) -> bool:
        """Say whether the marker is still that of the current version.

        A marker ends each upload, so nothing else need be looked at. Files that change without one
        are only warned of, and so listed now and then.
        """
        if not (self.synced and self.synced.mark and self.path.is_dir()):
            return False
        return time.monotonic() < self._list_at and self._source.mark() == self.synced.mark

    def _sync_marked(self, listing: Listing, blob: Blob, announce: Announce | None) -> None:
        settled = self._settled(listing)
        if self.synced and self.synced.mark == blob.etag and self.path.is_dir():
            self._announce_current(self.synced, announce)
            if settled and listing.etags != self.synced.etags:
                self._warn(listing, "they are not those of its last finished upload")
            return
        marker = self._source.marker(blob)
        folder = self._folder / marker.version
        if not folder.is_dir():
            if self._versions.has(marker.version):  # by another DAG processor, or before a restart
                self._versions.fetch(marker.version, folder)
            else:
                self._fetch(listing, marker, folder)
        etags, digests = listing.etags, dict(marker.files)
        taken = Synced(self._source.url, marker.version, False, blob.etag, etags, digests)
        self._take(taken, announce)
        log.info("%s is at commit %s", self._source.url, marker.commit)

    def _fetch(self, listing: Listing, marker: Marker, folder: Path) -> None:
        """Make the folder of a finished upload.

        Raises:
            UnfinishedUploadError: the files are not those of the marker any more.
        """
        files = {path: listing.files[path] for path in marker.files if path in listing.files}
        with snapshot.new_folder(self._folder) as filled:
            digests: dict[str, str] = {}
            if len(files) == len(marker.files):
                self._source.check(files)
                digests = self._fill(filled, files, marker.files)
            others = sorted(p for p, digest in marker.files.items() if digests.get(p) != digest)
            if not others:
                filled.rename(folder)
                return
        named = [path for path in others if path not in files] or others
        raise UnfinishedUploadError(
            f"{named[0]} in {self._source.url} is not what the upload of commit {marker.commit} "
            "wrote: another upload is under way, or broke off; run its pipeline again"
        )

    def _sync_unmarked(self, listing: Listing, announce: Announce | None) -> None:
        self._source.check(listing.files)
        etags, synced = listing.etags, self.synced
        known = synced is not None and not synced.mark and synced.etags == etags
        if synced and known and self.path.is_dir():
            self._announce_current(synced, announce)
            return
        if not known and not self._settled(listing):
            raise UnfinishedUploadError(
                f"the folder {self._source.url} has no marker of a finished upload; it is taken "
                f"when nothing changed in it for {self._settle_seconds:g} s"
            )
        with snapshot.new_folder(self._folder) as filled:
            digests = self._fill(filled, listing.files, {})
            version = snapshot.version_of(digests)
            if not (self._folder / version).exists():
                filled.rename(self._folder / version)
        self._take(Synced(self._source.url, version, False, "", etags, digests), announce)
        self._warn(listing, "they were uploaded without a marker, and may be half of an upload")

    def _take(self, synced: Synced, announce: Announce | None) -> None:
        if announce:
            announce(synced.version, self._folder / synced.version, synced.digests)
        self._switch(replace(synced, announced=announce is not None))

    def _settled(self, listing: Listing) -> bool:
        """Say whether the listing is that of `settle_seconds` ago."""
        etags, since = self._seen
        if etags == listing.etags:
            return time.monotonic() - since >= self._settle_seconds
        self._seen = (listing.etags, time.monotonic())
        return self._settle_seconds == 0

    def _warn(self, listing: Listing, what: str) -> None:
        if self._warned != listing.etags:
            self._warned = listing.etags
            log.warning(
                "The files in %s: %s. Upload them with: python -m airflow_azure.upload",
                self._source.url,
                what,
            )

    def _announce_current(self, synced: Synced, announce: Announce | None) -> None:
        if announce:
            announce(synced.version, self.path, synced.digests)
            if not synced.announced:
                self._remember(replace(synced, announced=True))

    def _fill(
        self, folder: Path, blobs: Mapping[str, Blob], wanted: Mapping[str, str]
    ) -> dict[str, str]:
        """Write the files into the folder and return their digests.

        Args:
            folder: a new one.
            blobs: the files, by path.
            wanted: digests by path; a file of the current version that has it is not fetched.
        """
        digests = {}
        for path, blob in blobs.items():
            if self.synced and path in self.synced.digests:
                known = self.synced.digests[path]
                same = self.synced.etags.get(path) == blob.etag
                if (known == wanted[path] if path in wanted else same) and _reuse(
                    self.path / path, folder / path, known
                ):
                    digests[path] = known
        changed = [path for path in blobs if path not in digests]

        def fetch(path: str) -> str:
            content = self._source.container.read(blobs[path])
            snapshot.write(folder / path, content)
            return snapshot.digest(content)

        with ThreadPoolExecutor(8) as pool:
            return digests | dict(zip(changed, pool.map(fetch, changed), strict=True))

    def _switch(self, synced: Synced) -> None:
        folder = self._folder / synced.version
        before = self.synced.digests if self.synced else {}
        for path, digest in synced.digests.items():
            # Airflow parses the newest first, and these may come back from an earlier version
            if before.get(path) != digest and (folder / path).exists():
                os.utime(folder / path)
        os.utime(folder)  # its age counts from now, also when an older version came back
        self._remember(synced)
        log.info(
            "%s is at version %s: %d files", synced.source, synced.version, len(synced.digests)
        )
        self._prune(synced.version)

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


def _reuse(file: Path, target: Path, digest: str) -> bool:
    """Make `target` the same as a file of the current version; say whether it is as it was."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if snapshot.digest(file.read_bytes()) != digest:  # DAG code runs beside it, as this user
            return False
        os.link(file, target)
    except OSError:  # somebody cleaned up
        return False
    return True
