"""Plan the stacks of an environment on their real states; nothing is changed or locked.

Signs in as Terraform does: by `az login`, or by the variables of a pipeline.

Exit statuses: 0 good; 1 a stack cannot be planned; 2 it could not start: what was asked for, or
what it needs, is not there; 3 data would be lost, and nobody acknowledged it in rehearsal.toml;
4 a change that nobody expects, with --reviewed or --expect-none.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from terraform_runner.errors import BadInputError, RunError

from conventions import company
from conventions.faults import FaultError
from synthesis.reader import Synthesis
from tools.exit_status import Exit
from tools.hibernation import AzureError, asleep
from tools.options import Named, Out
from tools.plan.plan_report import Expected, Report, read_expected
from tools.plan.planning import Refresh, StackPlan, plan_stacks
from tools.rehearsal.data_loss import read_acknowledgements
from tools.release.deployed import is_mirrored, registry_of

app = typer.Typer(add_completion=False)
progress = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command(help=__doc__)
def main(
    environment: Named,
    stack: Annotated[
        str | None, typer.Option(help="Only this stack and those it depends on.")
    ] = None,
    refresh: Annotated[
        Refresh,
        typer.Option(
            help="Ask Azure for all resources; for those that are readable without a right to "
            "secrets; or for none, and compare with the states only."
        ),
    ] = Refresh.ALL,
    reviewed: Annotated[
        Path | None, typer.Option(help="JSON of an earlier plan: refuse what is not in it.")
    ] = None,
    expect_none: Annotated[
        bool, typer.Option("--expect-none", help="Refuse every change: a search for drift.")
    ] = False,
    markdown: Annotated[Path | None, typer.Option(help="Write the report there.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the changes there.")] = None,
    out: Out = None,
) -> None:
    """Run from the command line."""
    try:
        expected = _expected(reviewed, expect_none)
        acknowledged = read_acknowledgements(company.home() / "rehearsal.toml")
        synthesis = Synthesis.load(out or company.output(), company.home())
        stacks = synthesis.select(environment, stack).stacks
        if stopped := asleep(synthesis, environment):
            _end_asleep(environment, stopped, looking=expect_none, markdown=markdown)
        mirrored = is_mirrored(synthesis, environment)
        plans = tuple(
            plan_stacks(
                stacks,
                refresh=refresh,
                acknowledgements=acknowledged,
                tell=_tell,
                registry=registry_of(synthesis, environment) if mirrored else None,
            )
        )
    except AzureError as error:
        progress.print(str(error), style="red", markup=False)
        sys.exit(Exit.FAILED)
    except RunError as error:
        progress.print(str(error), style="red", markup=False)
        sys.exit(error.status)
    except FaultError as error:
        progress.print(str(error), style="red", markup=False)
        sys.exit(Exit.BAD_INPUT)
    report = Report(environment=environment, plans=plans, expected=expected)
    if markdown:
        markdown.write_text(report.to_markdown(), encoding="utf-8")
    if json:
        json.write_text(report.to_json() + "\n", encoding="utf-8")
    typer.echo(report.to_markdown())
    sys.exit(report.status)


def _end_asleep(
    environment: str, stopped: list[str], *, looking: bool, markdown: Path | None
) -> None:
    """End where a schedule has stopped the cluster: its API cannot be asked, and nothing is wrong.

    A search for drift is good; a plan is refused.
    """
    told = f"{environment} is asleep ({', '.join(stopped)}), by [hibernation] of its file"
    python = ".venv/bin/python" if company.is_product(company.home()) else "./product python"
    fix = f"fix: {python} -m tools.hibernation wake --environment {environment}"
    if markdown:
        markdown.write_text(f"{told}: nothing was compared.\n", encoding="utf-8")
    if looking:
        typer.echo(f"{told}: nothing was compared")
        sys.exit(Exit.GOOD)
    progress.print(f"{told}\n    {fix}, or wait until it runs", style="red", markup=False)
    sys.exit(Exit.BAD_INPUT)


def _expected(reviewed: Path | None, expect_none: bool) -> Expected | None:
    if expect_none:
        return Expected()
    if reviewed is None:
        return None
    try:
        return read_expected(reviewed.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInputError(f"{reviewed}: {error}") from None


def _tell(plan: StackPlan) -> None:
    done = f"waits for {plan.waits_for}" if plan.waits_for else "planned"
    told = "cannot be planned; the report says why" if plan.problem else done
    progress.print(f"{plan.stack}: {told}", markup=False)


if __name__ == "__main__":
    app()
