"""Prints what cdktf.out holds: environment, stack, resources, outputs, file."""

import json
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table


class Row(NamedTuple):
    """One synthesized stack."""

    environment: str
    stack: str
    resources: int
    outputs: int
    file: str


def rows(outdir: Path) -> Iterator[Row]:
    """Yield the stacks of an output folder, environment by environment, in deployment order."""
    manifest = json.loads((outdir / "manifest.json").read_text())
    stacks = manifest["stacks"]
    order = TopologicalSorter({name: stack["dependencies"] for name, stack in stacks.items()})
    for name in sorted(order.static_order(), key=lambda name: name.rsplit("-", 1)[1]):
        stack, environment = name.rsplit("-", 1)
        file = outdir / stacks[name]["synthesizedStackPath"]
        content = json.loads(file.read_text())
        resources = sum(map(len, content.get("resource", {}).values()))
        yield Row(environment, stack, resources, len(content.get("output", {})), str(file))


def main() -> None:
    """Print the table of cdktf.out, or of the folder given."""
    outdir = Path(sys.argv[1] if len(sys.argv) > 1 else "cdktf.out")
    if not (outdir / "manifest.json").exists():
        sys.exit(f"{outdir} holds no synthesized stacks; run: make synth")
    table = Table(box=None, pad_edge=False)
    for column in Row._fields:
        right = column in ("resources", "outputs")
        table.add_column(column, justify="right" if right else "left", no_wrap=True)
    for row in rows(outdir):
        table.add_row(*map(str, row))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
