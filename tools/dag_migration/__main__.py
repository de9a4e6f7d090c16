"""`python -m tools.dag_migration SOURCE TARGET`: the command line of the migration.

Exit status: 0 nothing left to do; 1 done, and something needs a person; 2 the call is wrong (a
folder, an option or an export); 3 a part that it needs (Airflow, ruff) did not run.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tools.airflow_venv import AirflowUnavailableError, airflow_bin
from tools.dag_migration import report as reports
from tools.dag_migration import settings_export
from tools.dag_migration.airflow import Airflow, AirflowFailedError
from tools.dag_migration.migration import Migrated, migrate
from tools.dag_migration.model import Report, SettingsReport, Status
from tools.dag_migration.source import Source, read, sources
from tools.dag_migration.target import Target, TargetError
from tools.dag_migration.vault_script import vault_script

app = typer.Typer(add_completion=False)
errors = Console(stderr=True, soft_wrap=True)
Export = Annotated[Path | None, typer.Option(exists=True, dir_okay=False)]


@app.command()
def run(
    source: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="The folder of Airflow 2 DAGs.")
    ],
    target: Annotated[Path, typer.Argument(help="A new folder, or that of an earlier run.")],
    connections: Export = None,
    variables: Export = None,
    pools: Export = None,
    airflow: Annotated[
        Path | None,
        typer.Option(help="`bin` folder of an Airflow 3; default: the image's packages."),
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
        exports = _exports({"connections": connections, "variables": variables, "pools": pools})
        report = _migrated(source, place, exports, airflow, timeout, jobs)
    except (TargetError, settings_export.ExportError) as error:
        errors.print(f"[red]error:[/] {escape(str(error))}")
        raise typer.Exit(2) from error
    except (AirflowUnavailableError, AirflowFailedError, RuntimeError) as error:
        errors.print(f"[red]error:[/] {escape(str(error))}")
        raise typer.Exit(3) from error
    except OSError as error:
        errors.print(f"[red]error:[/] {escape(str(error.filename))}: {error.strerror}")
        raise typer.Exit(2) from error
    if json_output:
        print(reports.as_json(report), end="")
    else:
        _show(report, target)
    problems = any(part.problems for part in report.settings)
    raise typer.Exit(1 if report.counts[Status.PERSON] or problems else 0)


def _exports(files: dict[str, Path | None]) -> dict[str, tuple[dict[str, Any], SettingsReport]]:
    readers = {
        "connections": settings_export.connections,
        "variables": settings_export.variables,
        "pools": settings_export.pools,
    }
    return {
        kind: readers[kind](settings_export.load(kind, file))
        for kind, file in files.items()
        if file
    }


def _migrated(
    source: Path,
    place: Target,
    exports: dict[str, tuple[dict[str, Any], SettingsReport]],
    airflow: Path | None,
    timeout: float,
    jobs: int,
) -> Report:
    columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=errors, transient=True) as bars:
        steps: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in steps:
                steps[what] = bars.add_task(what)
            bars.update(steps[what], completed=done, total=total)

        files = list(sources(source))
        edited = place.edited()
        with Airflow(airflow or airflow_bin(), timeout_seconds=timeout, jobs=jobs) as running:
            done = migrate(files, running, edited=edited, progress=progress)
            version = running.version
    report = Report(
        airflow=version,
        files=tuple(item.report for item in done),
        settings=tuple(part for _, part in exports.values()),
    )
    place.write_dags({i.report.path: i.data for i in done if i.data is not None}, edited)
    for kind, (plain, _) in exports.items():
        content = json.dumps(plain, indent=2, sort_keys=True) + "\n"
        place.write(f"{kind}.json", content.encode())
    if script := vault_script(report.settings):
        place.write("secrets-to-key-vault.sh", script.encode(), mode=0o755)
    place.write("changes.diff", reports.diff(_changes(files, done)).encode("utf-8", "replace"))
    place.write("report.json", reports.as_json(report).encode())
    place.write("report.md", reports.markdown(report).encode())
    place.write("report.html", reports.html(report).encode())
    return report


def _changes(files: list[Source], done: list[Migrated]) -> list[tuple[str, str, str]]:
    pairs = zip(files, done, strict=True)
    return [
        (f.path, f.text, read(f.path, m.data).text or m.data.decode(errors="replace"))
        for f, m in pairs
        if f.text is not None and m.data is not None
    ]


def _show(report: Report, target: Path) -> None:
    console = Console(soft_wrap=True)
    table = Table("Status", "Files", title=f"To Airflow {report.airflow}", title_justify="left")
    for status, count in report.counts.items():
        table.add_row(status.value, str(count))
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
    for part in report.settings:
        for problem in part.problems:
            console.print(f"[bold]{part.kind}[/] {escape(problem)}", highlight=False)
    console.print(f"Report: {target / 'report.html'}")


if __name__ == "__main__":
    app(prog_name="migrate-dags")
