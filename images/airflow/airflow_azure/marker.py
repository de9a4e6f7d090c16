"""The file that ends an upload: without it, half of one and a whole one look the same."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from airflow_azure import snapshot
from airflow_azure.snapshot import SnapshotError

NAME = ".upload.json"  # in the uploaded folder; written last
FORMAT = 1
MOST_MIB = 16
FIX = "run the upload again: python -m airflow_azure.upload"


@dataclass(frozen=True)
class Marker:
    """What a finished upload consists of.

    Args:
        commit: what the files were checked out from; for people to read.
        files: SHA-256 in hex, by path in the folder.
    """

    commit: str
    files: Mapping[str, str]
    format: int = field(default=FORMAT, kw_only=True)

    @property
    def version(self) -> str:
        """The name of the version that the upload makes."""
        return snapshot.version_of(self.files)

    def as_json(self) -> bytes:
        """Return the file's content."""
        return json.dumps({**asdict(self), "files": dict(self.files)}, indent=1).encode()


def check_size(size: int, where: str) -> None:
    """Refuse what would fill the memory that all teams share.

    Args:
        size: of the blob, in bytes.
        where: its address, for the message.

    Raises:
        SnapshotError: it is too large.
    """
    if size > MOST_MIB * snapshot.MIB:
        raise SnapshotError(
            f"{where} is {size / snapshot.MIB:.1f} MiB; allowed are {MOST_MIB}; {FIX}"
        )


def read(content: bytes, where: str) -> Marker:
    """Return the marker that the content is.

    Args:
        content: the blob's.
        where: the blob's address, for the message.

    Raises:
        SnapshotError: it is not one, or names a file that a folder cannot hold.
    """
    try:
        marker = Marker(**json.loads(content))
        whole = marker.format == FORMAT and bool(marker.files) and isinstance(marker.commit, str)
        whole = whole and all(isinstance(value, str) for value in marker.files.values())
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise SnapshotError(f"{where} is not the marker of an upload: {error}; {FIX}") from error
    if not whole:
        raise SnapshotError(f"{where} is not the marker of an upload of format {FORMAT}; {FIX}")
    for path in marker.files:
        snapshot.checked_path(path)
    return marker
