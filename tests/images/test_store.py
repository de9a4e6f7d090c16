"""buildah is started again where it could not begin, and only there."""

from pathlib import Path

import pytest

from tools.local_image.errors import LocalImageError
from tools.local_image.store import Store

BUSY = "Close_Fd sealing memfd copy: Device or resource busy"


@pytest.fixture
def buildah(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program first on PATH that fails as its file `says` wants, and then works."""
    program = tmp_path / "bin/buildah"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho start >>"{tmp_path}/starts"\n'
        f'[ ! -e "{tmp_path}/says" ] && echo done && exit\n'
        f'cat "{tmp_path}/says" >&2; rm "{tmp_path}/says"; exit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return tmp_path


@pytest.mark.usefixtures("a_program")
def test_a_kernel_that_was_busy_is_asked_again(buildah: Path) -> None:
    (buildah / "says").write_text(f"{BUSY}\nError: exit status 1\n")

    assert Store(buildah).run("from", "scratch") == "done"


@pytest.mark.usefixtures("a_program")
def test_another_failure_is_not_repeated(buildah: Path) -> None:
    (buildah / "says").write_text("no such image\n")

    with pytest.raises(LocalImageError, match="no such image"):
        Store(buildah).run("from", "nothing")
    assert (buildah / "starts").read_text() == "start\n"
