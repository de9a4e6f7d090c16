"""The part of a container that a DAG bundle serves, within its limits."""

from dataclasses import dataclass

from airflow_azure import snapshot
from airflow_azure.blobs import Blob, Container
from airflow_azure.snapshot import SnapshotError

MIB = 1024 * 1024


@dataclass(frozen=True)
class Source:
    """A folder of a container.

    Args:
        prefix: empty, or the folder's name with a slash at its end.
        max_bytes: of all files together.
    """

    container: Container
    prefix: str
    max_files: int
    max_bytes: int

    @property
    def url(self) -> str:
        """The folder's address."""
        return f"{self.container.url}/{self.prefix}"

    def files(self) -> dict[str, Blob]:
        """List the files by their path in the folder.

        Raises:
            SnapshotError: a name is unsafe, there is no file, or a limit is passed.
            StorageUnavailableError: no listing can be had.
        """
        found = {}
        for blob in self.container.files(self.prefix):
            path = snapshot.checked_path(blob.name.removeprefix(self.prefix))
            if snapshot.is_source(path):
                found[str(path)] = blob
        self._check(found)
        return found

    def _check(self, found: dict[str, Blob]) -> None:
        where = f"container {self.container.name}, folder '{self.prefix or '/'}',"
        if not found:
            raise SnapshotError(f"{where} holds no files; upload the DAGs there")
        if len(found) > self.max_files:
            raise SnapshotError(
                f"{where} holds {len(found)} files, over the bundle's max_files of "
                f"{self.max_files}; move what is no DAG elsewhere, or raise the limit"
            )
        size = sum(blob.size for blob in found.values())
        if size > self.max_bytes:
            largest = max(found, key=lambda path: found[path].size)
            raise SnapshotError(
                f"{where} holds {size / MIB:.1f} MiB, over the bundle's max_mib of "
                f"{self.max_bytes // MIB}; the largest file is {largest}; keep data out of it"
            )
