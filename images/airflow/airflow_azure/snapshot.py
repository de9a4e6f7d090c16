"""A folder of DAG files as one immutable, named version: names, hashes, archives, ages."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path, PurePosixPath

# Airflow makes them beside the sources; they belong to one interpreter, not to a version
NOT_A_SOURCE = ("__pycache__", ".airflowignore~")


class SnapshotError(Exception):
    """The files cannot become a version; the message names the file and the rule."""


def checked_path(name: str) -> PurePosixPath:
    """Return the blob's name as a path that stays inside its folder.

    Raises:
        SnapshotError: it would leave the folder, or a file system could not hold it.
    """
    parts = name.split("/")
    if (
        name.startswith("/")
        or any(part in ("", ".", "..") or len(part.encode()) > 255 for part in parts)
        or "\\" in name
        or not name.isprintable()
    ):
        raise SnapshotError(
            f"the blob name {name!r} is not a safe relative path; rename the blob: no empty, '.' "
            "or '..' parts, no backslash, no control characters, at most 255 bytes a part"
        )
    return PurePosixPath(name)


def is_source(path: PurePosixPath) -> bool:
    """Tell whether the file belongs to a version."""
    return not any(part in NOT_A_SOURCE for part in path.parts)


def version_of(digests: Mapping[str, str]) -> str:
    """Return the version's name: the same for the same files, whenever they were uploaded.

    Args:
        digests: SHA-256 in hex, by relative path.
    """
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:20]


def digest(content: bytes) -> str:
    """Return the content's SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def pack(folder: Path, paths: Iterable[str]) -> bytes:
    """Return a zip of the files, byte for byte the same for the same content."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(paths):
            archive.writestr(zipfile.ZipInfo(path), (folder / path).read_bytes(), 8)
    return packed.getvalue()


def unpack(packed: bytes, folder: Path, version: str, *, max_bytes: int) -> None:
    """Write the archive's files into the folder.

    Raises:
        SnapshotError: it is no zip, is too large, leaves the folder, or is not that version.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(packed))
    except zipfile.BadZipFile as error:
        raise SnapshotError(f"the archive of version {version} is damaged: {error}") from error
    with archive:
        if sum(info.file_size for info in archive.infolist()) > max_bytes:
            raise SnapshotError(f"the archive of version {version} holds over {max_bytes} bytes")
        digests = {}
        for info in archive.infolist():
            content = archive.read(info)
            write(folder / checked_path(info.filename), content)
            digests[info.filename] = digest(content)
    if version_of(digests) != version:
        raise SnapshotError(
            f"the archive of version {version} holds version {version_of(digests)}; somebody "
            "changed it: delete the blob, and the DAG processor publishes the version again"
        )


def write(file: Path, content: bytes) -> None:
    """Write a file that nobody is to change, with the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(0o444)


def superseded(
    made: Mapping[str, datetime], current: str, *, now: datetime, keep: timedelta
) -> list[str]:
    """Return the versions that another replaced longer than `keep` ago.

    Args:
        made: when each version became the current one.
        current: never among the returned.
        now: the time that ages count from.
        keep: how long a task may still run on a replaced version.
    """
    names = sorted(made, key=lambda name: made[name])
    return [
        name
        for name, successor in pairwise(names)
        if name != current and made[successor] < now - keep
    ]
