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
from airflow_azure.local_copy import LocalCopy
from airflow_azure.published import PublishedVersions
from airflow_azure.snapshot import SnapshotError, checked_path
from airflow_azure.source import MIB, Source

log = logging.getLogger(__name__)
UNAVAILABLE = (StorageUnavailableError, SnapshotError, OSError)


class BundleUnavailableError(Exception):
    """There is no version to serve; the message says why and what to do."""


class BlobDagBundle(BaseDagBundle):
    """Serves DAGs from a container, and goes on serving them while storage is away.

    The DAG processor lists the container, fetches the blobs whose ETag changed, builds a folder for
    the new version beside the old one, publishes it as one archive in a second container, and
    switches. A worker fetches exactly the version its task was scheduled with.

    Args:
        container: where DAG authors upload; Airflow only reads it.
        versions_container: where versions are published; only the DAG processor writes there.
        prefix: folder inside the container.
        wasb_conn_id: Airflow connection of type `wasb`; without a password it uses the pod's
            identity.
        max_files: more are refused, as a wrong upload.
        max_mib: a larger sum is refused.
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
        max_files: int = 5000,
        max_mib: int = 200,
        keep_versions_days: int = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        folder = f"{prefix.strip('/')}/".removeprefix("/")
        dags = Container(container, wasb_conn_id)
        source = Source(dags, folder, max_files, max_mib * MIB)
        self._copy = LocalCopy(self.base_dir / "latest", source)
        self._versions = PublishedVersions(
            Container(versions_container, wasb_conn_id),
            self.name,
            timedelta(days=keep_versions_days),
            max_mib * MIB,
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
                try:
                    self._copy.sync(announce=None)  # a worker may read, not publish
                except UNAVAILABLE as error:
                    self._keep_serving(error, self._copy.synced is not None)
            elif not self.path.exists():
                self._versions.fetch(self.version, self.path)
        super().initialize()

    def refresh(self) -> None:
        """Bring the newest files and publish their version; with storage away, keep the last.

        Raises:
            BundleUnavailableError: there is no version yet that a worker could fetch.
        """
        with self._alone(), self._named():
            try:
                self._copy.sync(self._publish)
            except UNAVAILABLE as error:
                synced = self._copy.synced
                self._keep_serving(error, synced is not None and synced.announced)
            else:
                Stats.incr("dag_bundle.syncs", tags={"bundle_name": self.name})

    def _publish(self, version: str, folder: Path, paths: Iterable[str]) -> None:
        if version != self._published:
            self._versions.publish(version, folder, paths)
            self._published = version

    def _keep_serving(self, error: Exception, possible: bool) -> None:
        Stats.incr("dag_bundle.sync_failures", tags={"bundle_name": self.name})
        if not possible:
            raise error
        kept = self._copy.synced and self._copy.synced.version
        log.warning("DAG bundle %s keeps serving version %s: %s", self.name, kept, error)

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
