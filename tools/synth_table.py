"""Prints what cdktf.out holds: environment, stack, resources, outputs, file.

Exit status: 0 printed, 2 there is nothing, or it is not what the sources synthesize now.
"""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from conventions import company
from conventions.faults import FaultError
from synthesis.reader import Synthesis


def table_of(synthesis: Synthesis) -> Table:
    """Return the stacks, environment by environment, in deployment order."""
    table = Table(box=None, pad_edge=False)
    for column in ("environment", "stack", "resources", "outputs", "file"):
        right = column in ("resources", "outputs")
        table.add_column(column, justify="right" if right else "left", no_wrap=True)
    for stack in sorted(synthesis.stacks, key=lambda stack: stack.environment):
        resources = sum(map(len, stack.document.get("resource", {}).values()))
        outputs = len(stack.document.get("output", {}))
        names = (stack.environment, stack.short_name)
        table.add_row(*names, str(resources), str(outputs), _shown(stack.path))
    return table


def _shown(path: Path) -> str:
    home = company.home()
    return str(path.relative_to(home) if path.is_relative_to(home) else path)


def main() -> None:
    """Print the table of cdktf.out, or of the folder given."""
    try:
        out = Path(sys.argv[1]) if len(sys.argv) > 1 else company.output()
        synthesis = Synthesis.load(out, company.home())
    except FaultError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    Console(width=100).print(table_of(synthesis))


if __name__ == "__main__":
    main()
