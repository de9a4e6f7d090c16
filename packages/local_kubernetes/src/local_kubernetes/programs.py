"""The programs of a control plane, a node and a simulated one: found, or built from Go, and kept.

`go.sum` pins every module by its digest. The folder of a minor version holds the `go.mod` that
Kubernetes' own asks for: its staging modules are replaced by their releases.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Kind:
    """Programs that are built together, from the modules that one `go.sum` pins.

    Attributes:
        name: what they run.
        folder: has a folder for each minor version, with `go.mod` and `go.sum`.
        modules: the module of each program.
        target: of the Makefile, builds them.
    """

    name: str
    folder: Path
    modules: Mapping[str, str]
    target: str


KUBERNETES = "k8s.io/kubernetes/cmd"
CONTROL_PLANE = Kind(
    "API server",
    HERE / "go",
    {"etcd": "go.etcd.io/etcd/server/v3", "kube-apiserver": f"{KUBERNETES}/kube-apiserver"},
    "make api-server",
)
_OF_A_NODE = ("kubelet", "kube-controller-manager", "kube-proxy", "kube-scheduler")
NODE = Kind(
    "node",
    HERE / "go_node",
    {name: f"{KUBERNETES}/{name}" for name in _OF_A_NODE} | {"pause": "."},
    "make node",
)
SIMULATED_KUBELET = Kind(
    "simulated kubelet",
    HERE / "go_kwok",
    {"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
    "make simulated-kubelet",
)
# The variable of controller-runtime's envtest, which keeps released programs in such a folder.
ASSETS = "KUBEBUILDER_ASSETS"


class ProgramsMissingError(Exception):
    """The programs are not here, or cannot be built; the message says what to do."""


@dataclass(frozen=True)
class Programs:
    """Programs in one folder."""

    folder: Path
    kind: Kind = CONTROL_PLANE

    def path(self, name: str) -> Path:
        """Return a program's path."""
        return self.folder / name

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
        return all(self.path(name).is_file() for name in self.kind.modules)


def minors() -> list[str]:
    """Return the minor versions of Kubernetes that can be built, the newest last."""
    return sorted((folder.name for folder in CONTROL_PLANE.folder.iterdir()), key=_numbers)


def nearest(minor: str) -> str:
    """Return the minor to take for another: itself, else the newest before it, else the oldest."""
    known = minors()
    before = [name for name in known if _numbers(name) <= _numbers(minor)]
    return before[-1] if before else known[0]


def find(minor: str, kind: Kind = CONTROL_PLANE) -> Programs:
    """Return the programs of a minor version: of KUBEBUILDER_ASSETS, else of the user's cache.

    Raises:
        ProgramsMissingError: they are in neither place.
    """
    places = [Path(os.environ[ASSETS])] if os.environ.get(ASSETS) else []
    places.append(_cache(minor, kind))
    for place in places:
        if (programs := Programs(place, kind)).complete:
            return programs
    raise ProgramsMissingError(
        f"no {kind.name} of Kubernetes {minor} in {' or '.join(map(str, places))}: run "
        f"`{kind.target}` (Go, some minutes), or name the folder of released ones in {ASSETS}"
    )


def build(minor: str, kind: Kind = CONTROL_PLANE) -> Programs:
    """Build the programs of a minor version, unless they are there.

    A control plane takes some eight minutes of CPU and 3 GB of Go's caches the first time, a node
    four minutes more, a simulated kubelet five.

    Raises:
        ProgramsMissingError: Go is not installed, or a module cannot be had.
    """
    programs = Programs(_cache(minor, kind), kind)
    if programs.complete:
        return programs
    if shutil.which("go") is None:
        raise ProgramsMissingError(f"go is not on PATH; install Go {_go_version(minor)} or newer")
    programs.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=programs.folder.parent) as scratch:
        for name, module in kind.modules.items():
            _compile(kind.folder / minor, minor, module, Path(scratch) / "bin" / name)
        (Path(scratch) / "bin").rename(programs.folder)
    return programs


def _compile(folder: Path, minor: str, module: str, target: Path) -> None:
    major, number = minor.split(".")
    version = "k8s.io/component-base/version"
    # without these the server calls itself v0.0.0
    named = f"-X {version}.gitVersion={_kubernetes(minor)} -X {version}.gitMajor={major}"
    flags = f"-s -w {named} -X {version}.gitMinor={number}"
    command = ["go", "build", "-trimpath", "-ldflags", flags, "-o", str(target), module]
    environment = os.environ | {"CGO_ENABLED": "0"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise ProgramsMissingError(f"{module} cannot be built: {last}")


def _cache(minor: str, kind: Kind) -> Path:
    digest = hashlib.sha256((kind.folder / minor / "go.sum").read_bytes()).hexdigest()[:12]
    return user_cache_path("local-kubernetes") / f"{_kubernetes(minor)}-{digest}"


def _kubernetes(minor: str) -> str:
    return _word_after("k8s.io/kubernetes", minor)


def _go_version(minor: str) -> str:
    return _word_after("go", minor)


def _word_after(word: str, minor: str) -> str:
    lines = (
        line.split() for line in (CONTROL_PLANE.folder / minor / "go.mod").read_text().splitlines()
    )
    return next(parts[1] for parts in lines if parts[:1] == [word])


def _numbers(minor: str) -> tuple[int, ...]:
    return tuple(map(int, minor.split(".")))
