"""The report on a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from terraform_runner.plan import Action

from tools.exit_status import Exit
from tools.rehearsal.journal import Step
from tools.rehearsal.rehearsal_report import RehearsalReport

_STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "bold red",
    Action.DELETE: "red",
}


def tell_step(console: Console, step: Step) -> None:
    """Print one line of progress."""
    mark = "[red]failed[/]" if step.failed else escape(step.result)
    console.print(f"{step.seconds:6.2f} s  {step.stack:<16} {step.command:<14} {mark}")


def tell_report(console: Console, report: RehearsalReport) -> None:
    """Print times, changes, problems and the verdict."""
    console.print(_times(report))
    if report.reference:
        _tell_changes(console, report)
    for loss in report.losses:
        said = (
            f"acknowledged: {escape(loss.acknowledged)}"
            if loss.acknowledged
            else "[red]not acknowledged[/]"
        )
        console.print(
            f"[bold]data lost[/] by {loss.action} of {loss.stack}: {escape(loss.address)}: "
            f"{loss.holds} ({said})"
        )
    for review in report.reviews:
        for address in review.refused:
            console.print(
                f"[red]refused[/] {review.stack}: prevent_destroy keeps {escape(address)}: "
                "Terraform will refuse the deployment"
            )
        for told in review.notes:
            console.print(f"[yellow]note[/] {review.stack}: {escape(told)}")
    for told in report.stale_acknowledgements:
        console.print(f"[yellow]stale acknowledgement[/] {escape(told)}")
    for note in report.notes:
        console.print(f"[yellow]note[/] {note.stack}: {escape(note.message)}")
    for problem in report.problems:
        console.print(f"[red]problem[/] {problem.stack}: {escape(problem.message)}")
    style = "green" if report.status is Exit.GOOD else "red"
    console.print(f"[bold {style}]{report.verdict}[/] in {report.seconds:.1f} s. {report.meaning}")


def _times(report: RehearsalReport) -> Table:
    phases = list(dict.fromkeys(step.phase for step in report.steps))
    table = Table(box=None, header_style="bold")
    table.add_column("stack")
    table.add_column("resources", justify="right")
    for phase in phases:
        table.add_column(f"{phase} s", justify="right")
    for stack in dict.fromkeys(step.stack for step in report.steps):
        steps = [step for step in report.steps if step.stack == stack]
        spent = [sum(step.seconds for step in steps if step.phase == phase) for phase in phases]
        cells = [f"{seconds:.1f}" if seconds else "" for seconds in spent]
        table.add_row(stack, str(sum(step.added for step in steps) or ""), *cells)
    return table


def _tell_changes(console: Console, report: RehearsalReport) -> None:
    console.print(f"[bold]Changes since {escape(report.reference or '')}[/]")
    for review in report.reviews:
        for change in review.changes:
            style = _STYLES.get(change.action, "none")
            if change.forced_by:
                why = f"forced by {', '.join(change.forced_by)}"
            else:
                why = ", ".join(attribute.path for attribute in change.attributes)
            console.print(
                f" {review.stack:<16} [{style}]{change.action:<8}[/] {escape(change.address)}"
                f"  [dim]{escape(why)}[/]"
            )
    if not any(review.changes for review in report.reviews):
        console.print(" none")
