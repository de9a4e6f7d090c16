"""An environment of a lock, in a checkout that one may read and not write."""

import errno
import fcntl
import hashlib
import os
import platform
import sys
from pathlib import Path

import pytest

from tools import locked_venv as module
from tools.locked_venv import InstallationError, locked_venv

VERSION = ".".join(platform.python_version_tuple()[:2])
UV = module.uv()  # of this checkout


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock of no package, in a checkout of its own."""
    monkeypatch.setattr(module, "ROOT", tmp_path)
    file = tmp_path / "requirements.lock"
    file.write_text("")
    return file


def installed_in(folder: Path, lock: Path) -> Path:
    """Lay out an environment of the lock, as if it had been installed."""
    key = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    installed = folder / f"nothing-{VERSION}-{key}"
    (installed / "bin").mkdir(parents=True)
    (installed / "bin" / "python").symlink_to(sys.executable)
    (installed / "pyvenv.cfg").touch()
    (installed / ".ready").touch()
    return installed


def test_what_is_installed_is_used_without_writing_anything(lock: Path) -> None:
    installed = installed_in(lock.parent / ".cache" / "environments", lock)

    assert locked_venv("nothing", lock, sys.executable) == installed
    assert [file.name for file in installed.parent.iterdir()] == [installed.name]


def test_what_checkouts_share_is_named_by_its_own_path(lock: Path) -> None:
    installed = installed_in(lock.parent / "shared", lock)
    (lock.parent / ".cache").mkdir()
    (lock.parent / ".cache" / "environments").symlink_to(lock.parent / "shared")

    assert locked_venv("nothing", lock, sys.executable) == installed


def test_an_environment_whose_python_is_gone_is_made_again(
    lock: Path, a_program: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "uv", lambda: UV)
    installed = installed_in(lock.parent / ".cache" / "environments", lock)
    python = installed / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")

    locked_venv("nothing", lock, sys.executable)

    assert python.exists()


def test_who_may_not_write_is_told_where_and_who_may(
    lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROOT", Path("/sys"))  # where root may not write either

    with pytest.raises(InstallationError, match=r"^/sys/\.cache: .*; whoever may write to the"):
        locked_venv("nothing", lock, sys.executable)


def test_another_fault_of_the_disk_is_told_as_what_it_is(lock: Path) -> None:
    (lock.parent / ".cache").write_text("a file stands here")

    with pytest.raises(InstallationError, match=r"/\.cache/environments: Not a directory$"):
        locked_venv("nothing", lock, sys.executable)


def test_a_fault_that_names_no_file_is_told_with_the_folder(
    lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as a write says it

    monkeypatch.setattr(fcntl, "flock", full)

    with pytest.raises(InstallationError, match=r"/nothing-[\w.-]+: No space left on device$"):
        locked_venv("nothing", lock, sys.executable)
