"""`python -m tools.calendar`: what ends when, what has ended, and a version raised.

Exit statuses: 0 good; 1 `check`: something in use has ended that Azure refuses or stops; 2 nothing
was synthesized, or something older than its sources, or there is nothing to raise in the file.
"""

import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from conventions import company
from conventions.faults import FaultError
from synthesis.reader import Synthesis
from tools.calendar import page, raising, table, uses
from tools.calendar.judgement import Finding, findings
from tools.calendar.picture import bar, months
from tools.calendar.table import Part, Version
from tools.calendar.uses import Use
from tools.calendar.warn import acknowledged
from tools.options import Out

app = typer.Typer(add_completion=False, help=__doc__)
On = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="the day to judge on; today, unless given", metavar="YYYY-MM-DD"
    ),
]


@app.command()
def show(out: Out = None, on: On = None) -> None:
    """Print twelve months of every part: a bar a version, and who uses it."""
    today = _day(on)
    used = _uses(out)
    calendar = Table(box=None, pad_edge=False)
    letters = "".join(f"{month:%b}"[0] for month in months(today))
    for heading in ("", f"{letters} from {today:%Y-%m}", "last day", "used by"):
        calendar.add_column(heading, no_wrap=heading != "used by")
    for part in table.read().values():
        calendar.add_row(f"[bold]{part.title}[/]")
        for version in part.versions:
            who = _users(used, part, version)
            if who or not _long_over(version, today):
                style = "red" if _is_over(version, today) else ""
                calendar.add_row(
                    f"  {version.name}",
                    bar(version, today),
                    str(version.last or "open"),
                    who,
                    style=style,
                )
    console = Console(width=110, highlight=False)
    console.print(calendar)
    console.print("━ supported  ╸ ends in this month  · not supported", style="dim")


@app.command()
def check(
    out: Out = None,
    on: On = None,
    environments: Annotated[
        Path | None, typer.Option(help="the environment files, for what they acknowledge")
    ] = None,
) -> None:
    """Refuse what has ended and Azure refuses or stops; warn of what ends soon."""
    found = _findings(out, _day(on), environments)
    for finding in found:
        print(f"{'refused' if finding.refused else 'warning'}: {finding}", file=sys.stderr)
    refused = sum(finding.refused for finding in found)
    print(f"calendar: {refused} refused, {len(found) - refused} to be warned of")
    raise typer.Exit(1 if refused else 0)


@app.command("raise")
def raise_(
    file: Annotated[Path, typer.Argument(help="environment file")],
    on: On = None,
) -> None:
    """Raise kubernetes.version in an environment file by one minor, where its end is near."""
    try:
        print(raising.raise_kubernetes(file, table.read(), _day(on)))
    except FaultError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    except raising.NothingToRaiseError as reason:
        print(f"{file}: {reason}", file=sys.stderr)
        raise typer.Exit(2) from None


@app.command()
def write() -> None:
    """Write docs/reference/calendar.md and its picture."""
    page.write(table.read())


def _day(on: datetime | None) -> date:
    return on.date() if on else date.today()


def _uses(out: Path | None) -> Sequence[Use]:
    try:
        synthesis = Synthesis.load(out or company.output(), company.home())
    except FaultError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    pinned = uses.of_project(company.PRODUCT, synthesis)
    return [*uses.of_environments(synthesis), *pinned, *uses.of_machine()]


def _findings(out: Path | None, today: date, environments: Path | None) -> list[Finding]:
    used = _uses(out)  # first: without it nothing can be said
    return list(
        findings(used, table.read(), today, acknowledged(environments or company.environments()))
    )


def _users(used: Sequence[Use], part: Part, version: Version) -> str:
    users = {
        use.environment or use.place
        for use in used
        if (use.part, use.version) == (part.name, version.name)
    }
    return ", ".join(sorted(users))


def _is_over(version: Version, today: date) -> bool:
    return version.last is not None and version.last < today


def _long_over(version: Version, today: date) -> bool:
    return version.last is not None and (today - version.last).days > 366


if __name__ == "__main__":
    app()
