"""The folder of a container that a DAG bundle serves, and the marker of its last upload."""

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_azure import marker, snapshot
from airflow_azure.blobs import Blob, Container
from airflow_azure.marker import Marker


@dataclass(frozen=True)
class Listing:
    """What a folder holds at one moment.

    Args:
        files: by their path in the folder, without the marker.
        marker: None if the folder was uploaded by other means than `airflow_azure.upload`.
    """

    files: Mapping[str, Blob]
    marker: Blob | None

    @property
    def etags(self) -> dict[str, str]:
        """What changes with every write, by path."""
        return {path: blob.etag for path, blob in self.files.items()}


@dataclass(frozen=True)
class Source:
    """A folder of a container.

    Args:
        prefix: empty, or the folder's name with a slash at its end.
    """

    container: Container
    prefix: str

    @property
    def url(self) -> str:
        """The folder's address."""
        return f"{self.container.url}/{self.prefix}"

    def mark(self) -> str:
        """Return the ETag of the marker of the last finished upload; empty where there is none.

        Raises:
            StorageUnavailableError: storage is away.
        """
        return self.container.etag(self.prefix + marker.NAME)

    def listing(self) -> Listing:
        """List the folder, which costs a CPU second for a few thousand files.

        Raises:
            SnapshotError: a name is unsafe.
            StorageUnavailableError: no listing can be had.
        """
        found, mark = {}, None
        for blob in self.container.files(self.prefix):
            path = snapshot.checked_path(blob.name.removeprefix(self.prefix))
            if str(path) == marker.NAME:
                mark = blob
            elif snapshot.is_source(path):
                found[str(path)] = blob
        return Listing(found, mark)

    def marker(self, blob: Blob) -> Marker:
        """Read the marker of the last finished upload.

        Raises:
            BlobChangedError: another upload ended meanwhile.
            SnapshotError: it is damaged, or larger than one of the most files could be.
            StorageUnavailableError: it cannot be read.
        """
        marker.check_size(blob.size, f"{self.url}{marker.NAME}")
        return marker.read(self.container.read(blob), f"{self.url}{marker.NAME}")

    def check(self, files: Mapping[str, Blob]) -> None:
        """Refuse files that cannot be a version.

        Raises:
            SnapshotError: there are none, or too many, or too large ones.
        """
        where = f"container {self.container.name}, folder '{self.prefix or '/'}',"
        snapshot.check_limits({path: blob.size for path, blob in files.items()}, where)
