"""Reads cdktf.out: every environment's stacks, refused when they are older than the sources."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tools.policy.errors import Fault, GateError
from tools.policy.landscape import Landscape

SOURCES = ("main.py", "constructs_lib", "conventions", "environments", "helm_values", "stacks")
SYNTH = "run: make synth"


def read(folder: Path, root: Path | None = None) -> list[Landscape]:
    """Return the environments of a synthesis, by name.

    `root` is the checkout whose sources must not be newer; None leaves that unchecked.

    Raises:
        GateError: nothing was synthesized, a file is no JSON object, or a source is newer.
    """
    files = sorted(folder.glob("stacks/*/cdk.tf.json"))
    if not files:
        raise _unusable(folder, "holds no synthesized stack", "stacks/<stack>-<environment>/")
    if root is not None:
        _refuse_stale(files, root)
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for file in files:
        stack, _, environment = file.parent.name.rpartition("-")
        found[environment][stack] = _parse(file)
    return [Landscape(name, stacks) for name, stacks in sorted(found.items())]


def _refuse_stale(files: Sequence[Path], root: Path) -> None:
    oldest = min(files, key=_written)
    newest = max(_sources(root), key=_written, default=None)
    if newest is not None and _written(newest) > _written(oldest):
        problem = f"older than {newest.relative_to(root)}"
        raise _unusable(oldest, problem, "stacks that are newer than every source")


def _sources(root: Path) -> Iterable[Path]:
    for source in SOURCES:
        place = root / source
        yield from [place] if place.is_file() else place.rglob("*.py")
        yield from place.rglob("*.toml")


def _written(file: Path) -> float:
    return file.stat().st_mtime


def _parse(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unusable(file, f"cannot be read: {error}", "Terraform JSON") from None
    if not isinstance(content, dict):
        raise _unusable(file, "is no JSON object", "Terraform JSON")
    return content


def _unusable(place: Path, problem: str, allowed: str) -> GateError:
    return GateError([Fault(place=str(place), problem=problem, allowed=allowed, fix=SYNTH)])
