"""Copies of others' charts and images in our registry: how they are named, and what is pinned.

`mirror.lock` beside the environment files holds a digest of each; `make mirror-lock` writes it.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from conventions import company
from conventions.company import MIRROR
from conventions.faults import Fault, FaultError

CHARTS = "mirror/charts"
"""Where charts are in a registry; Helm adds a chart's name."""
_WRITE = "run: make mirror-lock, where the public registries can be reached"
_DOCKER_HUB = "docker.io"

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class MirrorError(FaultError):
    """The lock of the mirror is not there, damaged, or of other versions."""


class LockedChart(BaseModel):
    """A chart and the images of its pods, each by its digest."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: str
    package: Digest
    """Of the package, which is the only layer that Helm keeps in a registry."""
    images: Mapping[str, Digest]
    """By `repository:tag`, as the chart spells them."""

    def copy_of(self, repository: str) -> tuple[str, str]:
        """Return path and tag of an image's copy, the tag with the digest.

        The digest is in the tag, too: where a public tag moves, the copy before it keeps its own,
        and a registry deletes what has none.

        Raises:
            MirrorError: the lock holds no such image.
        """
        for name, digest in self.images.items():
            own, _, tag = name.rpartition(":")
            if own == repository:
                return path_of(repository), f"{copied_tag(tag, digest)}@{digest}"
        raise _refused(Path(MIRROR), f"holds no image {repository}")


class Lock(RootModel[dict[str, LockedChart]]):
    """What the mirror holds, by the names of charts."""

    @classmethod
    def read(cls, folder: Path | None = None) -> Self:
        """Read the lock of a folder; of the company's own if left out.

        Raises:
            MirrorError: it is not there, or not such a file.
        """
        file = (folder or company.home()) / MIRROR
        try:
            return cls.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise _refused(file, "is not there, and registry.mirror = true needs it") from None
        except ValidationError as error:
            told = error.errors()[0]
            where = ".".join(map(str, told["loc"]))
            raise _refused(file, f"{where}: {told['msg']}") from None
        except (OSError, ValueError) as error:
            raise _refused(file, f"cannot be read: {error}") from None

    def chart(self, name: str, version: str) -> LockedChart:
        """Return what is locked of a chart.

        Raises:
            MirrorError: nothing, or of another version.
        """
        found = self.root.get(name)
        if found is None or found.version != version:
            held = f"holds {name} {found.version}" if found else f"holds no chart {name}"
            raise _refused(Path(MIRROR), f"{held}; installed is {version}")
        return found


def path_of(repository: str) -> str:
    """Return where a registry keeps the copy of a public repository: `mirror/quay.io/...`."""
    return f"mirror/{whole(repository).replace(':', '-')}"  # of a port


def whole(repository: str) -> str:
    """Return a repository with its registry, which Docker leaves out for its own."""
    first, slash, _ = repository.partition("/")
    if slash and ("." in first or ":" in first):
        return repository
    return f"{_DOCKER_HUB}/{repository if slash else f'library/{repository}'}"


def copied_tag(tag: str, digest: str) -> str:
    """Return the tag of a copy: a name that is written once."""
    return f"{tag}-{digest.removeprefix('sha256:')[:12]}"


def _refused(file: Path, problem: str) -> MirrorError:
    return MirrorError([Fault(place=str(file), problem=problem, fix=_WRITE)])
