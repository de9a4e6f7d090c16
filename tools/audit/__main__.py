"""`python -m tools.audit`: the known vulnerabilities of the image's packages.

Exit status: 0 none that is not accepted, 1 found or an acceptance is stale, 2 nobody could say.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tools.audit import accepted, pypi
from tools.audit.copy import Copy
from tools.audit.found import AuditError, Vulnerability, pins

IMAGE = Path(__file__).resolve().parents[2] / "images" / "airflow"
LOCKS = ("requirements.lock", "dbt-requirements.lock", "uv-requirements.lock")
ACCEPTED = "accepted-vulnerabilities.toml"

app = typer.Typer(add_completion=False)


def known(image: Path, advisories: Path | None, max_age_days: int) -> dict[str, Vulnerability]:
    """Return the known vulnerabilities of all locks, each once.

    Raises:
        AuditError: nobody could say.
    """
    locks = [image / lock for lock in LOCKS]
    if advisories is None:
        found = [one for lock in locks for one in pypi.ask(lock)]
    else:
        held = {pin for lock in locks for pin in pins(lock)}
        copy = Copy(advisories, {pin.package for pin in held})
        copy.refuse_if_older(max_age_days, datetime.now(UTC))
        found = list(copy.ask(sorted(held)))
    return {f"{one.pin} {one.id}": one for one in found}


@app.command()
def audit(
    advisories: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="A copy; default: ask PyPI."),
    ] = None,
    max_age_days: Annotated[
        int, typer.Option(min=0, help="How old the copy's newest advisory may be.")
    ] = 30,
    image: Annotated[Path, typer.Option(help="The folder of the locks.")] = IMAGE,
) -> None:
    """Report the known vulnerabilities of the image's packages."""
    try:
        accepted_here = accepted.load(image / ACCEPTED)
        found = known(image, advisories, max_age_days).values()
    except AuditError as error:
        typer.echo(f"no audit: {error}", err=True)
        raise typer.Exit(2) from error
    left = [one for one in found if not any(entry.covers(one) for entry in accepted_here)]
    stale = [entry for entry in accepted_here if not any(entry.covers(one) for one in found)]
    for one in left:
        typer.echo(one.as_text())
    for entry in stale:
        typer.echo(f"{image / ACCEPTED}: {entry.id} of {entry.package} is stale: remove the entry")
    if left:
        typer.echo(f"take a fixed release (make image-lock), or say why not in {image / ACCEPTED}")
    packages = len({pin for lock in LOCKS for pin in pins(image / lock)})
    accept = f", {len(accepted_here) - len(stale)} accepted" if accepted_here else ""
    typer.echo(f"{packages} releases, {len(left)} known vulnerabilities{accept}")
    raise typer.Exit(1 if left or stale else 0)


if __name__ == "__main__":
    app(prog_name="audit")
