"""The programs of a release that no package brings, built from Go modules into the user's cache.

`go/go.sum` pins every module by its digest. oras copies an image with what refers to it; the other
checks signatures by the library of Notary Project, whose own command is no module that can be had.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from tools.release.errors import ReleaseError

GO = Path(__file__).with_name("go")
_MODULES = {"oras": "oras.land/oras/cmd/oras", "signature": "."}


class Programs(NamedTuple):
    """The programs, in one folder."""

    folder: Path

    @property
    def oras(self) -> Path:
        """Copies images between registries."""
        return self.folder / "oras"

    @property
    def signature(self) -> Path:
        """Verifies signatures."""
        return self.folder / "signature"

    @property
    def complete(self) -> bool:
        """Whether every program is there."""
        return all((self.folder / name).is_file() for name in _MODULES)


def programs() -> Programs:
    """Return the programs; build them the first time, in a minute or two.

    Raises:
        ReleaseError: Go is not installed, or a module cannot be had.
    """
    found = Programs(_folder())
    if found.complete:
        return found
    if shutil.which("go") is None:
        raise ReleaseError("go is not on PATH, and oras is built from its module: install Go")
    found.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=found.folder.parent) as scratch:
        built = Path(scratch) / "bin"
        for name, module in _MODULES.items():
            _compile(module, built / name)
        try:
            built.rename(found.folder)
        except OSError:
            if not found.complete:  # else somebody else was faster
                raise
    return found


def _compile(module: str, target: Path) -> None:
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"]
    done = subprocess.run(
        [*command, "-o", str(target), module],
        cwd=GO,
        env=os.environ | {"CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise ReleaseError(f"{module} cannot be built: {last}")


def _folder() -> Path:
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum", "main.go"):
        digest.update((GO / name).read_bytes())
    return user_cache_path("airflow-on-azure") / f"release-{digest.hexdigest()[:12]}"
