"""Virtual environments with exactly the packages of a lock file, made once and kept.

They are in .cache/environments; where that is a link, as in CI, checkouts share them.
"""

import errno
import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
"""What a checkout answers that one may read and not write."""


class InstallationError(Exception):
    """An environment cannot be installed; the message says which step failed and why."""


def locked_venv(
    name: str, lock: Path, python: Path | str, *, more: Sequence[Path] = (), compiled: bool = True
) -> Path:
    """Return the folder of the environment of `lock`, installing it on first use.

    Its name ends in a hash of the lock: another lock is another environment. So is another version
    of the Python that runs this; any other `python` has one version for each `name`. `more` are
    locks that fit it. `compiled` makes byte code of every module at once; leave it out where few of
    many are ever imported.

    Raises:
        InstallationError: the package index is out of reach, or holds other files than the lock; or
            the checkout cannot be written to, or its disk is full.
    """
    locks = [lock, *more]
    key = hashlib.sha256(b"".join(one.read_bytes() for one in locks)).hexdigest()[:12]
    if python == sys.executable:
        name += f"-{sys.version_info.major}.{sys.version_info.minor}"
    folder = (ROOT / ".cache" / "environments").resolve() / f"{name}-{key}"
    try:
        if not _whole(folder):  # else it is whole, and may be somebody else's
            _install(folder, locks, python, compiled=compiled)
    except OSError as error:
        who = "; whoever may write to the checkout installs it" if error.errno in DENIED else ""
        raise InstallationError(f"{error.filename or folder}: {error.strerror}{who}") from None
    return folder


def _whole(folder: Path) -> bool:
    """Tell whether all is installed, and the Python that it was made of is still there."""
    return (folder / ".ready").exists() and (folder / "bin" / "python").exists()


def _install(folder: Path, locks: list[Path], python: Path | str, *, compiled: bool) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # parallel test workers share one installation
        if _whole(folder):
            return
        _run(uv(), "venv", "--quiet", "--clear", "--python", str(python), str(folder))
        target = ("--python", str(folder / "bin" / "python"))
        # compiled here, not at every start: many machines set PYTHONDONTWRITEBYTECODE
        options = ("--quiet", "--require-hashes", *(["--compile-bytecode"] if compiled else []))
        _run(uv(), "pip", "sync", *options, *target, *map(str, locks))
        (folder / ".ready").touch()


def uv() -> str:
    """Return the path of uv: from PATH, else the private copy that the Makefile installs."""
    return shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")


def _run(*command: str) -> None:
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise InstallationError(f"{command[0]} is not there; `make synth` installs it") from None
    except subprocess.CalledProcessError as failed:
        last = (failed.stderr.strip().splitlines() or ["no output"])[-1]
        raise InstallationError(f"`{' '.join(command[:3])}` failed: {last}") from None
