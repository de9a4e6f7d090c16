"""`make bench-tasks`: what tasks, DAG files and dbt cost here, measured without a cluster.

Compare ratios of one run: seconds belong to the machine, and to what else it does. CPU seconds
depend least on that.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from tools.bench_tasks import dag_files, dbt_models, pod_rate, scheduler_loop, task_pod
from tools.bench_tasks.platform import BenchError
from tools.bench_tasks.processes import nothing_left
from tools.bench_tasks.tables import NoPlaceError, Table

QUESTIONS: dict[str, Callable[[int], Iterable[Table]]] = {
    "pod": task_pod.measure,
    "files": dag_files.measure,
    "dbt": dbt_models.measure,
    "scheduler": scheduler_loop.measure,
    "pods": pod_rate.measure,
}
app = typer.Typer(add_completion=False)


@app.command()
def main(
    questions: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(QUESTIONS)}; all without.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each way runs.")] = 3,
    page: Annotated[
        Path | None, typer.Option(help="A page with places for the tables, which it gets.")
    ] = None,
) -> None:
    """Measure, print tables of medians, and put them into a page.

    Exit status: 0 measured, 1 something did not work, 2 wrong arguments, 130 or 143 interrupted.
    """
    if unknown := set(questions or ()) - set(QUESTIONS):
        typer.echo(f"{', '.join(sorted(unknown))}: not among {', '.join(QUESTIONS)}", err=True)
        raise typer.Exit(2)
    try:
        with nothing_left():
            for name in questions or QUESTIONS:
                for table in QUESTIONS[name](rounds):
                    table.show()
                    if page:
                        table.write(page)
    except (BenchError, NoPlaceError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app()
