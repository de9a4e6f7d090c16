"""The versions that a DAG processor published: one archive each, for workers to fetch."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow_azure import snapshot
from airflow_azure.blobs import BlobMissingError, Container


@dataclass(frozen=True)
class PublishedVersions:
    """A bundle's archives in a container that DAG authors cannot write to.

    Args:
        bundle: the archives' folder in the container.
        keep: how long a replaced version stays.
    """

    container: Container
    bundle: str
    keep: timedelta

    def publish(self, version: str, folder: Path, paths: Iterable[str]) -> None:
        """Make the version one that workers can fetch, and delete those long replaced.

        Raises:
            ChangedFilesError: the folder holds something else; nothing is published.
            StorageUnavailableError: it cannot be written.
        """
        self.container.publish(self._name(version), snapshot.pack(folder, paths, version))
        made = self._made()
        now = datetime.now(UTC)
        for old in snapshot.superseded(made, version, now=now, keep=self.keep):
            self.container.delete(self._name(old))

    def has(self, version: str) -> bool:
        """Say whether the version was published.

        Raises:
            StorageUnavailableError: nobody can say.
        """
        return self.container.has(self._name(version))

    def newest(self) -> str | None:
        """Return the version that was made the current one last, if there is any.

        Raises:
            StorageUnavailableError: nobody can say.
        """
        made = self._made()
        return max(made, key=lambda version: made[version], default=None)

    def fetch(self, version: str, target: Path) -> None:
        """Write the version's files into the new folder `target`, whole or not at all.

        Raises:
            SnapshotError: there is no such version, or the archive is not what it says.
            StorageUnavailableError: it cannot be read.
        """
        try:
            packed = self.container.fetch(self._name(version))
        except BlobMissingError as error:
            raise snapshot.SnapshotError(
                f"version {version} is not in container {self.container.name} "
                f"({self._name(version)}): it was deleted {self.keep.days} days after another "
                "replaced it; clear the run with the latest bundle version"
            ) from error
        with snapshot.new_folder(target.parent) as folder:
            snapshot.unpack(packed, folder, version)
            folder.rename(target)

    def _made(self) -> dict[str, datetime]:
        start, end = self._name("*").split("*")
        return {
            blob.name.removeprefix(start).removesuffix(end): blob.modified
            for blob in self.container.files(start)
        }

    def _name(self, version: str) -> str:
        return f"{self.bundle}/{version}.zip"
