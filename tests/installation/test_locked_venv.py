"""An environment of a lock, in a checkout that one may read and not write."""

import errno
import fcntl
import hashlib
import os
import sys
from pathlib import Path

import pytest

from tools import locked_venv as module
from tools.locked_venv import InstallationError, locked_venv


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock of no package, in a checkout of its own."""
    monkeypatch.setattr(module, "ROOT", tmp_path)
    file = tmp_path / "requirements.lock"
    file.write_text("")
    return file


def test_what_is_installed_is_used_without_writing_anything(lock: Path) -> None:
    key = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    installed = lock.parent / ".cache" / f"nothing-{key}"
    installed.mkdir(parents=True)
    (installed / ".ready").touch()

    assert locked_venv("nothing", lock, sys.executable) == installed
    assert [file.name for file in installed.parent.iterdir()] == [installed.name]


def test_who_may_not_write_is_told_where_and_who_may(
    lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROOT", Path("/sys"))  # where root may not write either

    with pytest.raises(InstallationError, match=r"^/sys/\.cache: .*; whoever may write to the"):
        locked_venv("nothing", lock, sys.executable)


def test_another_fault_of_the_disk_is_told_as_what_it_is(lock: Path) -> None:
    (lock.parent / ".cache").write_text("a file stands here")

    with pytest.raises(InstallationError, match=r"/\.cache: File exists$"):
        locked_venv("nothing", lock, sys.executable)


def test_a_fault_that_names_no_file_is_told_with_the_folder(
    lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as a write says it

    monkeypatch.setattr(fcntl, "flock", full)

    with pytest.raises(InstallationError, match=r"/\.cache/nothing-\w+: No space left on device$"):
        locked_venv("nothing", lock, sys.executable)
