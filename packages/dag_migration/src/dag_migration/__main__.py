"""`python -m dag_migration SOURCE TARGET`: the command line of the migration.

Exit status: 0 nothing left to do; 1 done, and something needs a person or waits; 2 the call is
wrong (a folder, an option, an export or a configuration); 3 a part that it needs (Airflow, ruff)
did not run.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from dag_migration import report as reports
from dag_migration.airflow import Airflow, AirflowFailedError
from dag_migration.airflow_cfg import ConfigError, old_config
from dag_migration.model import Report, Status
from dag_migration.run import plain_variables, read_exports, run, settings_files
from dag_migration.settings_export import ExportError
from dag_migration.target import Target, TargetError
from dag_migration.working_copy import Progress

app = typer.Typer(add_completion=False)
errors = Console(stderr=True, soft_wrap=True)


@app.command()
def migrate_dags(
    source: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="The folder of Airflow 2 DAGs.")
    ],
    target: Annotated[Path, typer.Argument(help="A new folder, or that of an earlier run.")],
    airflow: Annotated[
        Path,
        typer.Option(
            exists=True,
            file_okay=False,
            help="`bin` folder of the Airflow 3 that judges: with the packages of your image.",
        ),
    ],
    old_system: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="A folder with connections, variables and pools as Airflow 2 exports them, and "
            "its airflow.cfg; each may be missing.",
        ),
    ] = None,
    option_keys: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Where the new platform sets an option."),
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds a DAG file may take.")] = 30,
    jobs: Annotated[int, typer.Option(min=1, help="Files imported at once.")] = os.cpu_count() or 1,
    json_output: Annotated[
        bool, typer.Option("--json", help="The report on standard output.")
    ] = False,
) -> None:
    """Move a folder of Airflow 2 DAGs to Airflow 3; SOURCE is never changed.

    TARGET gets `dags/`, `report.html`, `report.md`, `report.json`, `changes.diff` and, from the
    exports of the old system, what Airflow 3 imports. Files below `dags/` that you change are kept
    and judged by the next run.
    """
    try:
        place = Target(target, source)
        exports = read_exports(settings_files(old_system))
        config = old_config(old_system, option_keys)
        with (
            _progress() as progress,
            Airflow(
                airflow, timeout_seconds=timeout, jobs=jobs, variables=plain_variables(exports)
            ) as running,
        ):
            report = run(source, place, exports, running, config=config, progress=progress)
    except (TargetError, ExportError, ConfigError) as error:
        errors.print(f"[red]error:[/] {escape(str(error))}")
        raise typer.Exit(2) from error
    except (AirflowFailedError, RuntimeError) as error:
        errors.print(f"[red]error:[/] {escape(str(error))}")
        raise typer.Exit(3) from error
    except OSError as error:
        errors.print(f"[red]error:[/] {escape(str(error.filename))}: {error.strerror}")
        raise typer.Exit(2) from error
    if json_output:
        print(reports.as_json(report), end="")
    else:
        _show(report, source, target)
    problems = any(part.problems for part in report.settings)
    left = report.counts[Status.PERSON] + report.counts[Status.WAITS]
    raise typer.Exit(1 if left or problems else 0)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a bar for each step while the run lasts, on standard error, if that is a terminal."""
    columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn())
    bars = Bars(*columns, TimeElapsedColumn(), console=errors, transient=True)
    if not errors.is_terminal:
        yield lambda what, done, total: None
        return
    steps: dict[str, TaskID] = {}

    def progress(what: str, done: int, total: int) -> None:
        if what not in steps:
            steps[what] = bars.add_task(what)
        bars.update(steps[what], completed=done, total=total)

    with bars:
        yield progress


def _show(report: Report, source: Path, target: Path) -> None:
    console = Console(soft_wrap=True)
    if not report.files:
        console.print(f"Nothing to migrate: [bold]{escape(str(source))}[/] holds no files.")
    table = Table(
        "Status", "Files", "with DAGs", title=f"To Airflow {report.airflow}", title_justify="left"
    )
    for status, count in report.counts.items():
        table.add_row(status.value, str(count), str(report.dag_files[status]))
    console.print(table)
    waiting = [file for file in report.files if file.status is Status.PERSON]
    for file in waiting[:10]:
        first = file.todos[0]
        line = f":{first.line}" if first.line else ""
        console.print(
            f"[bold]{escape(file.path)}{line}[/] {escape(first.message)}", highlight=False
        )
    if len(waiting) > 10:
        console.print(f"... and {len(waiting) - 10} more")
    if report.packages:
        listed = target / "packages-for-the-image.txt"
        console.print(f"Packages that the image needs: {len(report.packages)}, in {listed}")
    for option in report.options:
        console.print(f"[bold]airflow.cfg[/] {escape(option.message)}", highlight=False)
    for part in report.settings:
        for problem in part.problems:
            console.print(f"[bold]{part.kind}[/] {escape(problem)}", highlight=False)
    console.print(f"Report: {target / 'report.html'}")


if __name__ == "__main__":
    app(prog_name="migrate-dags")
