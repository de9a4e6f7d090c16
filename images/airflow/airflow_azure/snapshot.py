"""A folder of DAG files as one immutable, named version: names, hashes, archives, ages."""

import hashlib
import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path, PurePosixPath

# Airflow makes them beside the sources; they belong to one interpreter, not to a version
NOT_A_SOURCE = ("__pycache__", ".airflowignore~", ".git")
MIB = 1024 * 1024
MAX_FILES = 5000
MAX_MIB = 200


class SnapshotError(Exception):
    """The files cannot become a version; the message names the file and the rule."""


class NoFilesError(SnapshotError):
    """There is nothing to make a version of."""


class ChangedFilesError(SnapshotError):
    """A folder does not hold the version that it is named after; it has to be made again."""

    def __init__(self, folder: Path, version: str) -> None:
        super().__init__(
            f"the files in {folder} are not those of version {version} any more: something that "
            "runs beside them changed them, most likely a DAG file while it was parsed"
        )
        self.folder = folder


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


def check_limits(sizes: Mapping[str, int], where: str) -> None:
    """Refuse what is no folder of DAGs, but a wrong upload.

    Args:
        sizes: in bytes, by path.
        where: what holds the files, for the message.

    Raises:
        NoFilesError: there is none.
        SnapshotError: there is more than a version may have.
    """
    if not sizes:
        raise NoFilesError(f"{where} holds no files; upload the DAGs there")
    if len(sizes) > MAX_FILES:
        raise SnapshotError(
            f"{where} holds {len(sizes)} files; allowed are {MAX_FILES}: move what is no DAG "
            "elsewhere"
        )
    total = sum(sizes.values())
    if total > MAX_MIB * MIB:
        largest = max(sizes, key=lambda path: sizes[path])
        raise SnapshotError(
            f"{where} holds {total / MIB:.1f} MiB; allowed are {MAX_MIB}: the largest file is "
            f"{largest}; keep data out of it"
        )


def pack(folder: Path, paths: Iterable[str], version: str) -> bytes:
    """Return a zip of the version's files, byte for byte the same for the same content.

    Raises:
        ChangedFilesError: what the folder holds is not that version.
    """
    packed, digests = io.BytesIO(), {}
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(paths):
            try:
                content = (folder / path).read_bytes()
            except OSError:
                raise ChangedFilesError(folder, version) from None
            digests[path] = digest(content)
            archive.writestr(zipfile.ZipInfo(path), content, 8)
    if version_of(digests) != version:
        raise ChangedFilesError(folder, version)
    return packed.getvalue()


def unpack(packed: bytes, folder: Path, version: str) -> None:
    """Write the archive's files into the folder.

    Raises:
        SnapshotError: it is no zip, is too large, leaves the folder, or is not that version.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(packed))
    except zipfile.BadZipFile as error:
        raise SnapshotError(f"the archive of version {version} is damaged: {error}") from error
    with archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        check_limits(sizes, f"the archive of version {version}")
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


def digests_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that belongs to a version, by relative path.

    Raises:
        SnapshotError: a name that a container or a file system could not hold, or a link to a
            folder, which Python's `rglob` passes by.
    """
    found = {}
    for file in sorted(folder.rglob("*")):
        path = PurePosixPath(file.relative_to(folder).as_posix())
        if file.is_symlink() and file.is_dir() and is_source(path):
            raise SnapshotError(
                f"{path} is a link to a folder, whose files would be left out; put the folder "
                "itself there"
            )
        if file.is_file() and is_source(path):
            found[str(checked_path(str(path)))] = digest(file.read_bytes())
    return found


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
