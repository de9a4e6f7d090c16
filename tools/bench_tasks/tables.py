"""Tables of results, for the terminal and for a page of the documentation."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable


class NoPlaceError(Exception):
    """The page has no place for a table."""


@dataclass(frozen=True)
class Table:
    """The results of one question.

    Attributes:
        name: of its place in the page.
        columns: the headings; the first is that of the rows' names.
        machine: what it was measured on, by `machine()`.
        rows: the cells as text.
    """

    name: str
    columns: Sequence[str]
    machine: str
    rows: list[list[str]] = field(default_factory=list)

    def add(self, name: str, *values: float | str) -> None:
        """Add a row; numbers get two decimals below 100, and none from there."""
        self.rows.append([name, *map(_written, values)])

    def show(self) -> None:
        """Print it, 140 columns wide."""
        table = RichTable(title=f"{self.name}: {self.machine}", title_justify="left", box=None)
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        Console(width=140).print(table)

    def as_markdown(self) -> str:
        """Return it as Markdown, with the machine below."""
        lines = [self.columns, ["---", *["---:"] * (len(self.columns) - 1)], *self.rows]
        text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{text}\n\n{self.machine}\n"

    def write(self, page: Path) -> None:
        """Write it into its place in a page, between `<!-- name -->` and `<!-- /name -->`.

        Raises:
            NoPlaceError: the page has none.
        """
        begin, end = f"<!-- {self.name} -->\n", f"<!-- /{self.name} -->"
        old = page.read_text(encoding="utf-8")
        if begin not in old or end not in old:
            raise NoPlaceError(f"{page} has no place for this: {begin.strip()} and {end}")
        before, _, rest = old.partition(begin)
        after = rest.partition(end)[2]
        page.write_text(f"{before}{begin}\n{self.as_markdown()}\n{end}{after}", encoding="utf-8")


def machine() -> str:
    """Return the processor's model, its number of cores, and the machine's three load averages."""
    cpus = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", cpus.read_text()) if cpus.exists() else None
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    model = found[1] if found else os.uname().machine
    return f"{model}, {os.cpu_count()} cores, load {load}"


def _written(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
