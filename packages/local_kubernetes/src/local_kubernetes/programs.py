"""The programs of a control plane: found, or built from their Go modules into the user's cache.

`go.sum` pins every module by its digest. The folder of a minor version holds the `go.mod` that
Kubernetes' own asks for: its staging modules are replaced by their releases.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

GO = Path(__file__).with_name("go")
MODULES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
}
# The variable of controller-runtime's envtest, which keeps released programs in such a folder.
ASSETS = "KUBEBUILDER_ASSETS"


class ProgramsMissingError(Exception):
    """The programs are not here, or cannot be built; the message says what to do."""


@dataclass(frozen=True)
class Programs:
    """The programs of a control plane, in one folder."""

    folder: Path

    @property
    def etcd(self) -> Path:
        """The database of the API server."""
        return self.folder / "etcd"

    @property
    def kube_apiserver(self) -> Path:
        """The API server."""
        return self.folder / "kube-apiserver"

    @property
    def complete(self) -> bool:
        """Whether every program is there."""
        return all((self.folder / name).is_file() for name in MODULES)


def minors() -> list[str]:
    """Return the minor versions of Kubernetes that can be built, the newest last."""
    return sorted((folder.name for folder in GO.iterdir()), key=_numbers)


def nearest(minor: str) -> str:
    """Return the minor to take for another: itself, else the newest before it, else the oldest."""
    known = minors()
    before = [name for name in known if _numbers(name) <= _numbers(minor)]
    return before[-1] if before else known[0]


def find(minor: str) -> Programs:
    """Return the programs of a minor version: of KUBEBUILDER_ASSETS, else of the user's cache.

    Raises:
        ProgramsMissingError: they are in neither place.
    """
    places = [Path(os.environ[ASSETS])] if os.environ.get(ASSETS) else []
    places.append(_cache(minor))
    for programs in map(Programs, places):
        if programs.complete:
            return programs
    raise ProgramsMissingError(
        f"no API server of Kubernetes {minor} in {' or '.join(map(str, places))}: run `make "
        f"api-server` (Go, some eight minutes), or name the folder of released ones in {ASSETS}"
    )


def build(minor: str) -> Programs:
    """Build the programs of a minor version, unless they are there.

    It takes some eight minutes of CPU and 3 GB of Go's caches the first time.

    Raises:
        ProgramsMissingError: Go is not installed, or a module cannot be had.
    """
    programs = Programs(_cache(minor))
    if programs.complete:
        return programs
    if shutil.which("go") is None:
        raise ProgramsMissingError(f"go is not on PATH; install Go {_go_version(minor)} or newer")
    programs.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=programs.folder.parent) as scratch:
        for name, module in MODULES.items():
            _compile(minor, module, Path(scratch) / "bin" / name)
        (Path(scratch) / "bin").rename(programs.folder)
    return programs


def _compile(minor: str, module: str, target: Path) -> None:
    major, number = minor.split(".")
    version = "k8s.io/component-base/version"
    # without these the server calls itself v0.0.0
    named = f"-X {version}.gitVersion={_kubernetes(minor)} -X {version}.gitMajor={major}"
    flags = f"-s -w {named} -X {version}.gitMinor={number}"
    command = ["go", "build", "-trimpath", "-ldflags", flags, "-o", str(target), module]
    environment = os.environ | {"CGO_ENABLED": "0"}
    done = subprocess.run(
        command, cwd=GO / minor, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise ProgramsMissingError(f"{module} cannot be built: {last}")


def _cache(minor: str) -> Path:
    digest = hashlib.sha256((GO / minor / "go.sum").read_bytes()).hexdigest()[:12]
    return user_cache_path("local-kubernetes") / f"{_kubernetes(minor)}-{digest}"


def _kubernetes(minor: str) -> str:
    return _word_after("k8s.io/kubernetes", minor)


def _go_version(minor: str) -> str:
    return _word_after("go", minor)


def _word_after(word: str, minor: str) -> str:
    lines = (line.split() for line in (GO / minor / "go.mod").read_text().splitlines())
    return next(parts[1] for parts in lines if parts[:1] == [word])


def _numbers(minor: str) -> tuple[int, ...]:
    return tuple(map(int, minor.split(".")))
