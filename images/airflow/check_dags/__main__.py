"""The command: `python -m check_dags FOLDER` in the image, `make check-dags DIR=...` on a laptop.

Exit status: 0 nothing found, 1 something found, 2 the check could not run.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from . import programs, rules
from .findings import Finding, relative_to

HARD_LIMIT_SECONDS = 60  # twice Airflow's own dagbag_import_timeout


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    AZURE = "azure"


def check(folder: Path, max_import_seconds: float) -> list[Finding]:
    """Return every finding of a folder, its files named from the folder.

    Raises:
        programs.ProgramError: ruff, Airflow or dbt cannot run.
    """
    folder = folder.resolve()
    found = [*programs.lint(folder), *programs.parse_dbt(folder)]
    files = programs.probe(folder, HARD_LIMIT_SECONDS)
    if not any(facts.get("dags") or "error" in facts for facts in files):
        problem = "no file of the folder defines a DAG"
        found.append(Finding(folder, 1, "no-dag", problem, "Is it the right folder?"))
    return relative_to(folder, [*found, *rules.findings_of(files, max_import_seconds)])


def main(
    folder: Annotated[Path, typer.Argument(help="The folder with the DAG files.")],
    max_import_seconds: Annotated[
        float, typer.Option(min=0.1, help="How long the import of one file may take.")
    ] = 10,
    output: Annotated[
        Format, typer.Option("--format", help="azure marks the lines in a pipeline run.")
    ] = Format.TEXT,
) -> None:
    """Check a folder of DAGs: lint, import and the house rules."""
    if not folder.is_dir():
        typer.echo(f"{folder} is not a folder; give the folder that holds the DAG files", err=True)
        raise typer.Exit(2)
    try:
        found = check(folder, max_import_seconds)
    except programs.ProgramError as error:
        typer.echo(f"the check cannot run: {error}", err=True)
        raise typer.Exit(2) from error
    for finding in found:
        typer.echo(finding.as_azure() if output is Format.AZURE else finding.as_text())
    count = "1 finding" if len(found) == 1 else f"{len(found)} findings"
    typer.echo(f"{count} in {folder}" if found else f"{folder}: nothing found")
    raise typer.Exit(1 if found else 0)


typer.run(main)
