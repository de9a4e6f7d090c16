"""What the environments cost a month, by the prices in prices.toml; nobody is asked but by fetch.

A row without a fetched or a quoted price says so, and is not in the sum.

Exit statuses: 0 told, or fetched; 1 fetched, but some rows have no price; 2 it could not start: no
such environment, nothing synthesized, a table that cannot be read, no way to the API.
"""

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from terraform_runner.errors import BadInputError

from conventions import company
from conventions.faults import FaultError
from synthesis.reader import Synthesis, SynthesisError
from tools.cost.cost_report import CostReport
from tools.cost.items import Item, items, left_out
from tools.cost.prices import API, FILE, Prices, fetch
from tools.exit_status import Exit
from tools.options import Out
from tools.rehearsal.checkout import synthesized_at

app = typer.Typer(add_completion=False, help=__doc__)
Environment = Annotated[str | None, typer.Option(help="One environment; else all.")]


@app.command()
def show(
    environment: Environment = None,
    out: Out = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="A git reference: show what changed since.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the report there.")] = None,
) -> None:
    """Print what each environment costs, and what the sum does not cover."""
    try:
        synthesis = _synthesis(out)
        prices = Prices.read(company.home() / FILE)
        with ExitStack() as opened:
            before = None
            if from_:
                checkout = synthesized_at(from_, company.home(), os.environ)
                before = opened.enter_context(checkout).synthesis
            names = [environment] if environment else synthesis.environments
            reports = [_report(synthesis, name, prices, before) for name in names]
        text = "\n".join(report.to_markdown() for report in reports)
    except (FaultError, BadInputError) as error:
        typer.echo(error, err=True)
        sys.exit(Exit.BAD_INPUT)
    if markdown:
        markdown.write_text(text, encoding="utf-8")
    typer.echo(text)


@app.command(name="fetch")
def fetch_(
    out: Out = None,
    currency: Annotated[
        str | None, typer.Option(help="Such as EUR; else that of the table, or USD.")
    ] = None,
    source: Annotated[str, typer.Option(help="Another server of the same interface.")] = API,
) -> None:
    """Ask Azure's Retail Prices API for every row, and write prices.toml."""
    try:
        file = company.home() / FILE
        table = Prices.read(file)
        table = Prices(currency=currency or table.currency, rows=table.rows)
        wanted = {item.key: item for item in _all(_synthesis(out))}.values()
        fetched, missing = fetch(wanted, table.currency, source)
    except FaultError as error:
        typer.echo(error, err=True)
        sys.exit(Exit.BAD_INPUT)
    table = table.renewed(fetched)
    table.write(file)
    typer.echo(f"{file}: {len(fetched)} prices fetched, {len(table.rows) - len(fetched)} quoted")
    quoted = {row.item for row in table.rows}
    missing = [said for said in missing if said.partition(": ")[0] not in quoted]
    for said in missing:
        typer.echo(f"no price: {said}; fix: a row of your own in {FILE}", err=True)
    sys.exit(Exit.FAILED if missing else Exit.GOOD)


def _synthesis(out: Path | None) -> Synthesis:
    return Synthesis.load(out or company.output(), company.home())


def _all(synthesis: Synthesis) -> list[Item]:
    return [
        item for name in synthesis.environments for item in items(synthesis.select(name).stacks)
    ]


def _report(
    synthesis: Synthesis, name: str, prices: Prices, before: Synthesis | None
) -> CostReport:
    stacks = synthesis.select(name).stacks
    earlier: list[Item] | None = None
    if before is not None:
        try:
            earlier = items(before.select(name).stacks)
        except SynthesisError:
            earlier = []  # the change adds the environment
    return CostReport(
        environment=name,
        items=items(stacks),
        left_out=left_out(stacks),
        prices=prices,
        before=earlier,
    )


if __name__ == "__main__":
    app()
