"""An environment of a lock, in a checkout that one may read and not write."""

import hashlib
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


def test_who_may_not_write_is_told_where_and_who_may(lock: Path) -> None:
    (lock.parent / ".cache").write_text("a file stands here, which stops root, too")

    with pytest.raises(InstallationError, match="cache: File exists; whoever may write to the"):
        locked_venv("nothing", lock, sys.executable)
