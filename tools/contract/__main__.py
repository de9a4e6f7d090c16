"""Check what the real providers send to Azure against Microsoft's own types.

Every PUT and PATCH of a rehearsal on the loopback Azure is held to the type of its resource in its
version of the API: what is required, unknown, too long, out of range or none of the allowed values.
What Entra ID and the data plane of Key Vault are sent is not checked: they have no such types.

Exit statuses: 0 good; 1 a body is not as its type says, or the rehearsal failed; 2 it could not
start, or types cannot be had.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from terraform_runner.errors import BadInputError, RunError

from conventions import company
from conventions.faults import FaultError
from tools.contract import recorded
from tools.contract.recorded import RecordedRequest
from tools.contract.type_files import PINS, TypeFiles, pins
from tools.contract.verdict import Verdict, judge
from tools.exit_status import Exit
from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.request import Request
from tools.rehearsal.runs import rehearse
from tools.rehearsal.terminal_report import tell_report, tell_step

app = typer.Typer(add_completion=False, help=__doc__)
Types = Annotated[
    Path | None,
    typer.Option(help="The folder `generated` of a checkout of github.com/Azure/bicep-types-az."),
]


@app.command()
def check(
    environment: Annotated[
        str | None, typer.Option(help="Only this environment, for example dev.")
    ] = None,
    providers: Annotated[
        Path | None,
        typer.Option(help="The folder of azurerm and azuread; else where Terraform keeps plugins."),
    ] = None,
    recording: Annotated[
        list[Path] | None,
        typer.Option(help="Check this requests.jsonl, and rehearse nothing; may be repeated."),
    ] = None,
    types: Types = None,
    ignored: Annotated[
        bool, typer.Option("--ignored", help="Name what was sent and is read-only, too.")
    ] = False,
    project: Annotated[
        Path | None,
        typer.Option(help="The folder that holds cdktf.out.", show_default=False),
    ] = None,
) -> None:
    """Rehearse with the real providers on the loopback Azure, and check what they send."""
    try:
        files = TypeFiles(types)
        report: RehearsalReport | None = None
        if recording:
            requests = recorded.read(recording)
        else:
            report, requests = _rehearsed(
                Request(
                    project=(project or company.home()).resolve(),
                    variables=os.environ,
                    environment=environment,
                    providers=providers,
                    loopback=True,
                )
            )
        verdict = judge(requests, files)
    except RunError as error:
        print(error, file=sys.stderr)
        sys.exit(error.status)
    except FaultError as error:
        print(error, file=sys.stderr)
        sys.exit(Exit.BAD_INPUT)
    _tell(verdict, ignored=ignored)
    failed = report is not None and report.status is not Exit.GOOD
    sys.exit(Exit.FAILED if verdict.faults or failed else Exit.GOOD)


@app.command()
def pin(
    types: Annotated[
        Path, typer.Option(help="The folder `generated` of a checkout of Azure/bicep-types-az.")
    ],
    recording: Annotated[list[Path], typer.Option(help="Requests whose types are pinned.")],
) -> None:
    """Write the pins of Microsoft's types again, for the requests of recordings."""
    try:
        requests = recorded.read(recording)
        TypeFiles(types)  # refuses a folder that holds none
    except RunError as error:
        print(error, file=sys.stderr)
        sys.exit(error.status)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=types, capture_output=True, text=True, check=True
    )
    PINS.write_text(pins(types, head.stdout.strip(), (one.api for one in requests)), "utf-8")
    print(f"{PINS.name}: {len({one.api for one in requests})} versions of APIs")


def _rehearsed(request: Request) -> tuple[RehearsalReport, list[RecordedRequest]]:
    """Rehearse, and return what was sent; everything that the rehearsal wrote is deleted."""
    if not request.plugins:
        raise BadInputError(
            "there is no azurerm in Terraform's plugin cache and plugin folders, and stand-ins "
            "send nothing to Azure",
            fix="make contract PROVIDERS=FOLDER, as in docs/how-to/rehearse.md; or check what was "
            "recorded elsewhere: make contract RECORDING=FILE",
        )
    progress = Console(stderr=True, highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory() as folder:
        kept = replace(request, keep=Path(folder))
        report = rehearse(kept, lambda step: tell_step(progress, step))
        tell_report(progress, report)
        return report, recorded.read(sorted(Path(folder).glob(f"*/{recorded.BELOW}")))


def _tell(verdict: Verdict, *, ignored: bool) -> None:
    for answer in verdict.faults:
        print(f"problem {answer}")
    for answer in verdict.ignored if ignored else ():
        print(f"ignored {answer}")
    told = f"{len(verdict.faults)} are not as Microsoft's types say" if verdict.faults else "good"
    print(
        f"{verdict.requests} requests, {verdict.types} types: {told}; {len(verdict.accepted)} "
        f"values beside Microsoft's lists are accepted, {len(verdict.ignored)} fields are read-only"
    )


if __name__ == "__main__":
    app()
