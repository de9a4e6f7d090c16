"""The command: `python -m check_dags FOLDER` in the image, `make check-dags DIR=...` on a laptop.

Exit status: 0 nothing found but hints, 1 something found, 2 the check could not run.
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from . import programs, rules, sources
from .findings import Finding, Level, in_order

HARD_LIMIT_SECONDS = 60  # twice Airflow's own dagbag_import_timeout


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    AZURE = "azure"


def check(
    folder: Path, max_import_seconds: float, executors: Sequence[str], *, fix: bool = False
) -> list[Finding]:
    """Return every finding of a folder, worst first, its files named from the folder.

    Args:
        folder: with the DAG files.
        max_import_seconds: how long the import of one file may take.
        executors: those of the platform; the first runs tasks that name none.
        fix: correct first what can be corrected safely.

    Raises:
        programs.ProgramError: ruff, Airflow or dbt cannot run.
    """
    folder = folder.resolve()
    programs.refuse_pipes(folder)
    found = [*programs.lint(folder, fix=fix), *programs.parse_dbt(folder)]
    files = programs.probe(folder, HARD_LIMIT_SECONDS, executors)
    if not any(facts.get("dags") or "error" in facts for facts in files):
        problem = "no file of the folder defines a DAG"
        found.append(Finding(folder, 1, "no-dag", problem, "Is it the right folder?"))
    plain = [one for facts in files for one in sources.findings_in(Path(facts["file"]))]
    told = {(one.file, one.line, one.rule) for one in plain}
    # where both see a moving date, ours says what to write
    found = [one for one in found if (one.file, one.line, one.rule) not in told] + plain
    return in_order(folder, [*found, *rules.findings_of(files, max_import_seconds, executors)])


def main(
    folder: Annotated[Path, typer.Argument(help="The folder with the DAG files.")],
    max_import_seconds: Annotated[
        float, typer.Option(min=0.1, help="How long the import of one file may take.")
    ] = 10,
    output: Annotated[
        Format, typer.Option("--format", help="azure marks the lines in a pipeline run.")
    ] = Format.TEXT,
    executors: Annotated[
        str, typer.Option(help="Those of the platform, as its environment file lists them.")
    ] = "KubernetesExecutor,CeleryExecutor",
    fix: Annotated[
        bool, typer.Option("--fix", help="First correct what can be corrected safely.")
    ] = False,
) -> None:
    """Check a folder of DAGs: lint, import and the house rules."""
    if not folder.is_dir():
        typer.echo(f"{folder} is not a folder; give the folder that holds the DAG files", err=True)
        raise typer.Exit(2)
    try:
        found = check(folder, max_import_seconds, executors.split(","), fix=fix)
    except programs.ProgramError as error:
        typer.echo(f"the check cannot run: {error}", err=True)
        raise typer.Exit(2) from error
    for finding in found:
        typer.echo(finding.as_azure() if output is Format.AZURE else finding.as_text())
    hints = sum(finding.level is Level.HINT for finding in found)
    told = [_count(len(found) - hints, "finding"), *([_count(hints, "hint")] if hints else [])]
    if len(found) > hints:
        typer.echo(f"{' and '.join(told)} in {folder}")
        raise typer.Exit(1)
    typer.echo(f"{folder}: nothing found" + (f", {told[1]}" if hints else ""))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


typer.run(main)
