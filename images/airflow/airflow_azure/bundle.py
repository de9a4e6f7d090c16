"""DAGs from a Blob container: what is uploaded there is parsed and run, by version."""

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.dag_processing.bundles.base import BaseDagBundle, BundleVersion
from airflow.observability.stats import Stats

from airflow_azure.blobs import Container, StorageUnavailableError
from airflow_azure.local_copy import Announce, LocalCopy, UnfinishedUploadError
from airflow_azure.published import PublishedVersions
from airflow_azure.snapshot import NoFilesError, SnapshotError, checked_path
from airflow_azure.source import Source

log = logging.getLogger(__name__)
UNAVAILABLE = (StorageUnavailableError, SnapshotError, UnfinishedUploadError, OSError)


class BundleUnavailableError(Exception):
    """There is no version to serve; the message says why and what to do."""


class BlobDagBundle(BaseDagBundle):
    """Serves the DAGs of one team, and goes on serving them while storage is away.

    A version is a finished upload: `airflow_azure.upload` ends each with a marker. When the marker
    changes, the DAG processor fetches what it has not, builds a folder for the new version beside
    the old one, publishes it as one archive in a second container, and switches. Until then, and
    with a fresh disk too, the version that was published last is served. A worker fetches exactly
    the version its task was scheduled with.

    A folder without a marker is taken when two listings, a refresh apart, are the same.

    Args:
        container: where DAG authors upload; Airflow only reads it.
        versions_container: where versions are published; only the DAG processor writes there.
        prefix: the team's folder in the container; Airflow puts it on `sys.path`, so that
            `from rows import ...` finds the team's `rows.py`.
        wasb_conn_id: Airflow connection of type `wasb`; without a password it uses the pod's
            identity.
        keep_versions_days: how long a replaced version can still be fetched: longer than the
            longest DAG run with its retries.
    """

    supports_versioning = True

    def __init__(
        self,
        *,
        container: str,
        versions_container: str,
        prefix: str = "",
        wasb_conn_id: str = "wasb_default",
        keep_versions_days: int = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        folder = f"{prefix.strip('/')}/".removeprefix("/")
        dags = Container(container, wasb_conn_id)
        self._versions = PublishedVersions(
            Container(versions_container, wasb_conn_id),
            self.name,
            timedelta(days=keep_versions_days),
        )
        self._copy = LocalCopy(
            self.base_dir / "latest", Source(dags, folder), self._versions, self.refresh_interval
        )
        self._published = ""
        self._threads = threading.RLock()

    @property
    def path(self) -> Path:
        """The folder of this bundle's version, or of the latest one."""
        return self.versions_dir / checked_path(self.version) if self.version else self._copy.path

    def get_current_version(self) -> BundleVersion | None:
        """Return the version that `path` holds."""
        version = self.version or (self._copy.synced and self._copy.synced.version)
        return BundleVersion(version) if version else None

    def initialize(self) -> None:
        """Make `path` hold the files.

        Raises:
            BundleUnavailableError: neither storage nor the local disk has them.
        """
        with self._alone(), self._named():
            if not self.version:
                self._copy.recall()
                self._sync(announce=None)  # a worker may read, not publish
            elif not self.path.exists():
                self._versions.fetch(self.version, self.path)
        super().initialize()

    def refresh(self) -> None:
        """Take the last finished upload and publish it; with storage away, keep the last version.

        Raises:
            BundleUnavailableError: there is no version yet that a worker could fetch.
        """
        with self._alone(), self._named():
            self._sync(self._publish)

    def _sync(self, announce: Announce | None) -> None:
        try:
            self._copy.sync(announce)
        except UNAVAILABLE as error:
            self._keep_serving(error, announce is not None)
        else:
            Stats.incr("dag_bundle.syncs", tags={"bundle_name": self.name})

    def _publish(self, version: str, folder: Path, paths: Iterable[str]) -> None:
        if version != self._published:
            self._versions.publish(version, folder, paths)
            self._published = version

    def _keep_serving(self, error: Exception, to_be_published: bool) -> None:
        if not (self._copy.synced and self._copy.path.is_dir()) and not self._has_published(error):
            if isinstance(error, (NoFilesError, UnfinishedUploadError)):
                self._copy.path.mkdir(parents=True, exist_ok=True)
                log.warning("DAG bundle %s has no DAGs yet: %s", self.name, error)
                return
            raise error
        Stats.incr("dag_bundle.sync_failures", tags={"bundle_name": self.name})
        kept = self._copy.synced
        if kept is None or (to_be_published and not kept.announced):
            raise error
        log.warning("DAG bundle %s keeps serving version %s: %s", self.name, kept.version, error)

    def _has_published(self, error: Exception) -> bool:
        try:
            return self._copy.take_published()
        except UNAVAILABLE:
            raise error from None  # the first one says more

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except UNAVAILABLE as error:
            raise BundleUnavailableError(f"DAG bundle {self.name}: {error}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._threads, self.lock():  # lock() keeps out other processes only
            yield
