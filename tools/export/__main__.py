"""Write the synthesized stacks as plain Terraform: `make export [TO=folder] [ENVIRONMENT=name]`.

The folder gets `<environment>/<order>-<stack>/main.tf.json`, a README and a script that goes
through the stacks in order. They run without Python, cdktf and Node.

Exit statuses: 0 written; 2 cdktf.out is not up to date, or the folder is not empty.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from conventions import company
from conventions.faults import Fault, FaultError
from synthesis.links import Document
from synthesis.reader import Stack, Synthesis
from tools import provider_lock

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
OLDEST_TERRAFORM = ">= 1.11"  # the first that keeps write-only arguments out of the state


@dataclass(frozen=True, kw_only=True)
class Exported:
    """One stack, and where it lies in the export."""

    stack: Stack
    number: int
    """Its place in the order of its environment, from 1."""

    @property
    def environment(self) -> str:
        """The environment, for example `dev`."""
        return self.stack.environment

    @property
    def folder(self) -> str:
        """Its folder, for example `dev/1-network`: listed by name, they stand in order."""
        return f"{self.environment}/{self.number}-{self.stack.short_name}"

    @property
    def state(self) -> str:
        """Where its state lies."""
        return str(self.stack.backend)


def export(synthesis: Synthesis, to: Path, lock: Path = provider_lock.LOCK) -> list[Exported]:
    """Write the stacks to a folder that is empty or not there yet; `lock` need not exist.

    Raises:
        FaultError: there is something in the folder.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        fault = Fault(
            place=f"TO={to}",
            problem="there is something at this place, perhaps edited stacks of an earlier export",
            allowed="a new folder, or an empty one",
            fix="name another folder, or remove this one",
        )
        raise FaultError([fault])
    stacks = list(_in_order(synthesis))
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=to.parent) as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        _write(new, stacks, lock)
        os.replace(new, to)
    return stacks


def plain(document: Document) -> Document:
    """Return a stack without cdktf's notes, and with the Terraform version that it needs."""
    bare: Document = _without_notes(document)
    bare["terraform"] = {"required_version": OLDEST_TERRAFORM, **bare["terraform"]}
    return bare


def _in_order(synthesis: Synthesis) -> Iterator[Exported]:
    for environment in synthesis.environments:
        for number, stack in enumerate(synthesis.select(environment).stacks, start=1):
            yield Exported(stack=stack, number=number)


def _write(folder: Path, stacks: list[Exported], lock: Path) -> None:
    locked = lock.read_text(encoding="utf-8") if lock.exists() else ""
    for one in stacks:
        document = plain(one.stack.document)
        place = folder / one.folder
        place.mkdir(parents=True)
        text = json.dumps(document, indent=2) + "\n"
        (place / "main.tf.json").write_text(text, encoding="utf-8")
        if locked:
            needed = provider_lock.only(locked, document["terraform"]["required_providers"])
            (place / ".terraform.lock.hcl").write_text(needed, encoding="utf-8")
    shutil.copy(HERE / "all.sh", folder)
    (folder / ".gitignore").write_text(".terraform/\n", encoding="utf-8")
    (folder / "README.md").write_text(_readme(stacks, locked=bool(locked)), encoding="utf-8")


def _readme(stacks: list[Exported], *, locked: bool) -> str:
    owner = {one.stack.backend: one for one in stacks}
    rows = [
        {
            "number": one.number,
            "environment": one.environment,
            "folder": one.folder,
            "state": one.state,
            "after": ", ".join(
                sorted(f"`{owner[link].folder}`" for link in one.stack.reads if link in owner)
            ),
        }
        for one in stacks
    ]
    pages = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        autoescape=False,  # a page of Markdown, of names that the synth has checked
        keep_trailing_newline=True,
    )
    return pages.get_template("README.md.jinja").render(stacks=rows, locked=locked)


def _without_notes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_notes(inner) for key, inner in value.items() if key != "//"}
    return [_without_notes(inner) for inner in value] if isinstance(value, list) else value


def main(
    to: Annotated[Path, typer.Option(help="A new folder, or an empty one.")] = Path("export"),
    environment: Annotated[str | None, typer.Option(help="Only this environment.")] = None,
) -> None:
    """Write the synthesized stacks as plain Terraform."""
    try:
        synthesis = Synthesis.load(company.output(), company.home()).select(environment)
        stacks = export(synthesis, to)
    except FaultError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        fault = Fault(
            place=str(to),
            problem=f"cannot be written: {error.strerror}",
            allowed="a folder that you may write to",
            fix="name another one: make export TO=<folder>",
        )
        print(fault, file=sys.stderr)
        sys.exit(2)
    print(f"{to}: {len(stacks)} stacks; read {to / 'README.md'}")


if __name__ == "__main__":
    typer.run(main)
