"""What a synth was made from, recorded in its output; and whether that has changed since.

The record holds a digest of every file that decides what is synthesized. Times would not do: a
checkout sets them again, a pipeline hands the output to a stage with a newer checkout, and a file
that was deleted has none. The modules are those that the run itself imported, so that no list of
folders has to be kept; beside them every other file in the rooms that they come from (Node's hook,
the charts, the environment files), the environment files that were named, and the locked packages.
A company's repository of its own adds its environment files, named apart from the product's: the
two lie elsewhere on every machine.
"""

import json
import os
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Self

from conventions.company import MIRROR, PRODUCT, SEED_FILE, is_product
from conventions.faults import Fault, FaultError

RECORD = "sources.json"
SYNTH = "run: make synth"
_COMPANY = "company:"
_OF_COMPANY = ("environments/*.toml", MIRROR, SEED_FILE)
_BESIDE = ("cdktf.json", "synth.lock", "pipelines/agent-tools.sh")
_STARTED = time.time()


class StaleError(FaultError):
    """The output is not what its sources synthesize now."""


@dataclass(frozen=True)
class _Places:
    """Where sources lie; a company's have a mark where they are not in the product's checkout."""

    product: Path
    company: Path

    @classmethod
    def of(cls, project: Path) -> Self:
        """Return the places of a checkout of the product, or of a company's repository."""
        return cls(project if is_product(project) else PRODUCT, project)

    @property
    def mark(self) -> str:
        return "" if self.product == self.company else _COMPANY

    def path(self, name: str) -> Path:
        """Return where a recorded source is."""
        if name.startswith(_COMPANY):
            return self.company / name.removeprefix(_COMPANY)
        return self.product / name

    def data(self, names: Collection[str]) -> set[str]:
        """Name what is not Python and decides, beside modules of these names, what comes out."""
        found = set(_data(self.product, names))
        if not names:
            return found
        # where a company has files of its own, the product's are examples
        ours = {name for name in found if any(fnmatchcase(name, kind) for kind in _OF_COMPANY)}
        own = (file for kind in _OF_COMPANY for file in self.company.glob(kind))
        marked = {f"{self.mark}{file.relative_to(self.company).as_posix()}" for file in own}
        return (found - ours if self.mark else found) | marked


def of_this_run(product: Path, company: Path, environment_files: Iterable[Path]) -> dict[str, str]:
    """Return the digest of each source of the synth in this process, by its path."""
    places = _Places(product, company)
    named = {places.mark + os.path.relpath(f.resolve(), company) for f in environment_files}
    modules = set(_imported(product))
    names = named | modules | places.data(modules)
    found = {name: _digest(places.path(name)) for name in sorted(names | set(_BESIDE))}
    # what was saved while we worked may have been read before: no digest stands for it
    return {
        name: "" if _STARTED < places.path(name).stat().st_mtime <= time.time() else digest
        for name, digest in found.items()
        if digest is not None
    }


def record(folder: Path, digests: Mapping[str, str]) -> None:
    """Write the digests beside the stacks; none at all says that the stacks depend on no file."""
    (folder / RECORD).write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")


def refuse_stale(folder: Path, project: Path) -> None:
    """Refuse a synthesis that is not what a checkout, or a company's repository, gives now.

    Raises:
        StaleError: a source was changed, added or deleted since, or the folder has no record.
    """
    recorded, places = _read(folder), _Places.of(project)
    for name in sorted({*recorded, *places.data(recorded)}):
        now, then = _digest(places.path(name)), recorded.get(name)
        if now != then:
            how = "new" if then is None else "gone" if now is None else "changed"
            raise _stale(folder, f"older than {name.removeprefix(_COMPANY)}, which is {how}")


def _imported(root: Path) -> Iterator[str]:
    for module in list(sys.modules.values()):
        file = Path(getattr(module, "__file__", None) or "")
        # the virtual environment often lies in the checkout
        if file.is_relative_to(root) and not file.is_relative_to(sys.prefix):
            yield file.relative_to(root).as_posix()


def _data(root: Path, names: Iterable[str]) -> Iterator[str]:
    """Name what is not Python in the rooms of the modules; a text about them changes no stack."""
    rooms = {name.split("/")[0] for name in names if name.endswith(".py") and "/" in name}
    for room in rooms - {".."}:
        for folder, inner, files in os.walk(root / room):
            inner[:] = [name for name in inner if name != "__pycache__"]
            for name in files:
                if not name.startswith(".") and not name.endswith((".py", ".pyc", ".md", "~")):
                    yield (Path(folder) / name).relative_to(root).as_posix()


def _digest(file: Path) -> str | None:
    try:
        return sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None


def _read(folder: Path) -> dict[str, str]:
    try:
        recorded = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _stale(folder, f"holds no {RECORD}, so nobody knows what it was made from") from None
    except (OSError, ValueError) as error:
        raise _stale(folder, f"{RECORD} cannot be read: {error}") from None
    if not isinstance(recorded, dict):
        raise _stale(folder, f"{RECORD} is not a JSON object")
    return recorded


def _stale(folder: Path, problem: str) -> StaleError:
    allowed = "what the sources synthesize now"
    return StaleError([Fault(place=str(folder), problem=problem, allowed=allowed, fix=SYNTH)])
