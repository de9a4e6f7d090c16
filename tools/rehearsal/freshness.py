"""Whether cdktf.out is what the project's sources synthesize now, by the times of the files."""

from collections.abc import Iterator
from pathlib import Path

from terraform_runner.errors import BadInputError

_SOURCES = (
    "main.py",
    "constructs_lib",
    "conventions",
    "environments",
    "helm_values",
    "observability",
    "stacks",
)


def check_fresh(project: Path) -> None:
    """Refuse an output from before the last change: it would be rehearsed in vain.

    Raises:
        BadInputError: a source is younger than the output.
    """
    manifest = project / "cdktf.out" / "manifest.json"
    sources = sorted(_files(project), key=lambda file: file.stat().st_mtime)
    if manifest.is_file() and sources and sources[-1].stat().st_mtime > manifest.stat().st_mtime:
        raise BadInputError(
            f"{manifest.parent} is older than {sources[-1].relative_to(project)}: it is not what "
            "the project synthesizes now",
            fix="run `make synth` again; `make rehearse` does so itself",
        )


def _files(project: Path) -> Iterator[Path]:
    for name in _SOURCES:
        source = project / name
        for file in [source, *source.rglob("*")]:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file
