"""Rehearse a deployment, or a change, with the real Terraform and without Azure.

Exit statuses: 0 good; 1 the rehearsal failed; 2 it could not start: what was asked for, or what it
needs, is not there; 3 a change would lose data, and nobody acknowledged it in rehearsal.toml.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from terraform_runner.errors import BadInputError, RunError

from conventions import company
from conventions.faults import FaultError
from tools.exit_status import INTERRUPTED, Exit
from tools.rehearsal.markdown_report import to_markdown
from tools.rehearsal.provider_sources import Attachment
from tools.rehearsal.request import Request
from tools.rehearsal.runs import rehearse
from tools.rehearsal.states import StateKind
from tools.rehearsal.terminal_report import tell_report, tell_step

app = typer.Typer(add_completion=False)


@app.command(
    help=__doc__,
    epilog="--cluster goes through a journey on a real Kubernetes instead, and has other options: "
    "--cluster --help",
)
def main(  # noqa: PLR0913 # an argument for each option
    environment: Annotated[
        str | None, typer.Option(help="Only this environment, for example dev.")
    ] = None,
    stack: Annotated[
        str | None, typer.Option(help="Only this stack and those it depends on.")
    ] = None,
    attachment: Annotated[
        Attachment,
        typer.Option(help="reattach: Terraform itself, quick; mirror: the real cdktf CLI."),
    ] = Attachment.REATTACH,
    state: Annotated[
        StateKind,
        typer.Option(help="local: files; azurite: the production backend, on Azurite."),
    ] = StateKind.LOCAL,
    reference: Annotated[
        str | None,
        typer.Option("--from", help="Rehearse the change since this git reference."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Work in this folder, leave it there, and continue what is in it."),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the report there, for a pull request.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    providers: Annotated[
        Path | None,
        typer.Option(help="Validate with the real providers of this folder; see the how-to."),
    ] = None,
    loopback: Annotated[
        bool, typer.Option("--loopback", help="Deploy with them, too, to an Azure on loopback.")
    ] = False,
    late_roles: Annotated[
        float,
        typer.Option(min=0, help="With --loopback: seconds until a role counts for a vault."),
    ] = 0,
    busy_servers: Annotated[
        float,
        typer.Option(min=0, help="With --loopback: seconds that a new database server is busy."),
    ] = 0,
    project: Annotated[
        Path | None, typer.Option(help="The folder that holds cdktf.out.", show_default=False)
    ] = None,
) -> None:
    """Run from the command line."""
    progress = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        request = Request(
            project=(project or company.home()).resolve(),
            variables=os.environ,
            environment=environment,
            stack=stack,
            attachment=attachment,
            state=state,
            keep=keep,
            reference=reference or None,
            providers=providers,
            loopback=loopback,
            late_roles=late_roles,
            busy_servers=busy_servers,
        )
        if markdown and not markdown.parent.is_dir():
            raise BadInputError(
                f"--markdown {markdown}: there is no folder {markdown.parent}", fix="make it first"
            )
        report = rehearse(request, lambda step: tell_step(progress, step))
    except RunError as error:
        progress.print(str(error), style="red", markup=False)
        sys.exit(error.status)
    except FaultError as error:
        progress.print(str(error), style="red", markup=False)
        sys.exit(Exit.BAD_INPUT)
    except OSError as error:  # a disk that is full, a folder that may not be written to
        progress.print(_told(error), style="red", markup=False)
        sys.exit(Exit.BAD_INPUT)
    except KeyboardInterrupt:
        progress.print(INTERRUPTED, style="red")
        sys.exit(Exit.INTERRUPTED)
    if json:
        print(report.to_json())
    else:
        tell_report(Console(highlight=False, soft_wrap=True), report)
    if markdown:
        try:
            markdown.write_text(to_markdown(report), encoding="utf-8")
        except OSError as error:
            progress.print(_told(error), style="red", markup=False)
            sys.exit(report.status or Exit.BAD_INPUT)
    sys.exit(report.status)


def _told(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return (
        f"{place}{error.strerror or error}\n    fix: make room or allow writing there; the working "
        "folder is the one of --keep, else one in the folder that TMPDIR names"
    )
