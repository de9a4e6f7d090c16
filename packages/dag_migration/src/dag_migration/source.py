"""Reads a source folder without changing it: what is there, and what can be worked on."""

import ast
import io
import os
import tokenize
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dag_migration import rules
from dag_migration.model import Finding

LIMIT_MIB = 2.0
BOM = b"\xef\xbb\xbf"
SKIPPED = {"__pycache__", ".git", ".hg", ".svn", ".venv", ".mypy_cache", ".ruff_cache"}


@dataclass(frozen=True)
class Source:
    """One file: its bytes, and its text when it is Python (or a template) that can be read."""

    path: str  # relative, with /
    data: bytes | None  # None: nothing to copy
    text: str | None = None
    encoding: str = "utf-8"
    problems: tuple[Finding, ...] = field(default=())

    def encoded(self, text: str) -> bytes:
        """Return the bytes of `text` the way this file is written."""
        head = BOM if self.data is not None and self.data.startswith(BOM) else b""
        return head + text.encode(self.encoding)


def sources(folder: Path) -> Iterator[Source]:
    """Yield every file below `folder`, sorted; links that leave it and loops become findings."""
    root = folder.resolve()
    for path in _walk(root, root, {root}):
        relative = path.relative_to(root).as_posix()
        if why := _unfollowable(path, root):
            yield Source(relative, None, problems=(rules.NOT_COPIED.at(0, why=why),))
            continue
        try:
            yield read(relative, path.read_bytes())
        except OSError as error:
            problem = rules.NOT_COPIED.at(0, why=error.strerror or str(error))
            yield Source(relative, None, problems=(problem,))


def _walk(folder: Path, root: Path, above: set[Path]) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        yield folder
        return
    for entry in entries:
        if not entry.is_dir() or _unfollowable(entry, root):
            yield entry
        elif entry.name not in SKIPPED:
            real = entry.resolve()
            if real in above:
                yield entry
            else:
                yield from _walk(entry, root, above | {real})


def _unfollowable(path: Path, root: Path) -> str:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        target = os.readlink(path) if path.is_symlink() else path.name
        return f"a symbolic link that leads nowhere or in a circle ({target})"
    if not real.is_relative_to(root):
        return "a symbolic link out of the source folder"
    if path.is_symlink() and path.is_dir() and path.parent.resolve().is_relative_to(real):
        return "a symbolic link to a folder that holds it"
    if path.is_dir():
        return "" if os.access(path, os.R_OK | os.X_OK) else "the folder may not be read"
    return "" if real.is_file() else "neither a file nor a folder"


def read(relative: str, data: bytes) -> Source:
    """Return the file of this path and content, with its text or with why it has none."""
    path = PurePosixPath(relative)
    mib = len(data) / 2**20
    if path.suffix == ".zip" and _holds_python(data):
        return Source(relative, data, problems=(rules.ZIPPED.at(0),))
    if path.suffix == ".py" and mib > LIMIT_MIB:
        return Source(relative, data, problems=(rules.TOO_LARGE.at(0, mib=mib, limit=LIMIT_MIB),))
    if path.suffix != ".py":
        return _template(relative, data, mib)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.removeprefix(BOM).decode(encoding.removesuffix("-sig"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\\d" in a plain string is the author's business
            ast.parse(text)
    except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 0
        why = getattr(error, "msg", None) or str(error) or type(error).__name__
        return Source(relative, data, problems=(rules.UNREADABLE.at(line, why=why),))
    return Source(relative, data, text, encoding.removesuffix("-sig"))


def _holds_python(archive: bytes) -> bool:
    """Whether Airflow looks for DAGs in an archive, or it is one of data alone."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return any(name.endswith((".py", ".pyc")) for name in opened.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _template(relative: str, data: bytes, mib: float) -> Source:
    if mib > LIMIT_MIB or not any(mark in data for mark in (b"{{", b"{%", b"AIRFLOW_CTX_")):
        return Source(relative, data)
    try:
        return Source(relative, data, data.removeprefix(BOM).decode())
    except UnicodeDecodeError:
        return Source(relative, data)
