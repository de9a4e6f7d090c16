"""`python -m tools.audit`: the known vulnerabilities of everything that a lock of ours pins.

Exit status: 0 none that is not accepted, 1 found, or an acceptance no longer serves, 2 nobody could
say.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from tools.audit import accepted, npm, pypi
from tools.audit.accepted import Accepted
from tools.audit.copy import Copy
from tools.audit.found import PYPI, AuditError, Pin, Vulnerability, pins

ROOT = Path(__file__).resolve().parents[2]
ACCEPTED = "tools/audit/accepted-vulnerabilities.toml"

app = typer.Typer(add_completion=False)


class Kind(NamedTuple):
    """Locks of one ecosystem, and how to ask about one."""

    locks: Sequence[str]
    pins: Callable[[Path], Iterator[Pin]]
    ask: Callable[[Path], Iterator[Vulnerability]]


class Ecosystem(StrEnum):
    """Where packages come from."""

    PYPI = PYPI
    NPM = npm.ECOSYSTEM


KINDS = {
    # not packages/dag_migration/tests/corpus/airflow2.lock: examples of the past, on purpose
    Ecosystem.PYPI: Kind(
        (
            "requirements.lock",
            "synth.lock",
            "tools/policy/requirements.lock",
            "tests/operator/az.lock",
            "tests/operator/kubectl.lock",
            "tools/cdk_terrain/requirements.lock",
            "images/airflow/requirements.lock",
            "images/company/requirements.lock",
            "images/airflow/dbt-requirements.lock",
            "images/airflow/uv-requirements.lock",
        ),
        pins,
        pypi.ask,
    ),
    Ecosystem.NPM: Kind(("package-lock.json",), npm.pins, npm.ask),
}


def known(
    root: Path, only: Sequence[Ecosystem], advisories: Path | None, max_age_days: int
) -> dict[str, Vulnerability]:
    """Return the known vulnerabilities of all locks, each once.

    Raises:
        AuditError: nobody could say.
    """
    if advisories is None:
        asked = [
            one
            for kind in map(KINDS.__getitem__, only)
            for lock in kind.locks
            for one in kind.ask(root / lock)
        ]
    else:
        held = _pinned(root, only)
        copy = Copy(advisories, {(pin.ecosystem, pin.package) for pin in held})
        copy.refuse_if_older(max_age_days, datetime.now(UTC))
        asked = list(copy.ask(sorted(held)))
    return {f"{one.pin} {one.id}": one for one in asked}


def _pinned(root: Path, only: Sequence[Ecosystem]) -> set[Pin]:
    return {
        pin
        for kind in map(KINDS.__getitem__, only)
        for lock in kind.locks
        for pin in kind.pins(root / lock)
    }


@app.command()
def audit(
    advisories: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="A copy; default: ask PyPI and npm."),
    ] = None,
    max_age_days: Annotated[
        int, typer.Option(min=0, help="How old the copy's newest advisory may be.")
    ] = 30,
    only: Annotated[
        list[Ecosystem] | None, typer.Option(help="Leave out packages from elsewhere.")
    ] = None,
    root: Annotated[Path, typer.Option(help="The checkout with the locks.")] = ROOT,
) -> None:
    """Report the known vulnerabilities of everything that a lock pins."""
    asked = only or list(Ecosystem)
    try:
        entries = accepted.load(root / ACCEPTED)
        found = list(known(root, asked, advisories, max_age_days).values())
    except AuditError as error:
        typer.echo(f"no audit: {error}", err=True)
        raise typer.Exit(2) from error
    today = datetime.now(UTC).date()
    serving = [entry for entry in entries if entry.until >= today]
    left = [one for one in found if not any(entry.covers(one) for entry in serving)]
    complaints = [] if only else list(_complaints(entries, found, today))
    for line in (*(one.as_text() for one in left), *complaints):
        typer.echo(line)
    if left:
        typer.echo(f"take a fixed release (make lock, image-lock), or say why not in {ACCEPTED}")
    covered = len(found) - len(left)
    accept = f", {covered} accepted" if covered else ""
    releases = len(_pinned(root, asked))
    typer.echo(f"{releases} releases, {len(left)} known vulnerabilities{accept}")
    raise typer.Exit(1 if left or complaints else 0)


def _complaints(
    entries: Sequence[Accepted], found: Sequence[Vulnerability], today: date
) -> Iterator[str]:
    for entry in entries:
        if not any(entry.covers(one) for one in found):
            yield f"{ACCEPTED}: {entry.id} of {entry.package} is stale: remove the entry"
        elif entry.until < today:
            yield (
                f"{ACCEPTED}: {entry.id} of {entry.package} was accepted until {entry.until}: look "
                "again"
            )


if __name__ == "__main__":
    app(prog_name="audit")
