"""`python -m tools.diagram`: draws each environment's stacks into a page of HTML.

Exit status: 0 drawn; 2 nothing is synthesized, or not what the sources synthesize now.
"""

from pathlib import Path
from typing import Annotated

import typer

from conventions import company
from conventions.faults import FaultError
from synthesis.reader import Synthesis
from synthesis.resources import by_environment
from tools.diagram import model, page
from tools.options import Out

app = typer.Typer(add_completion=False)


@app.command()
def main(
    out: Out = None,
    to: Annotated[
        Path | None, typer.Option(help="folder for <environment>.html; else diagram")
    ] = None,
) -> None:
    """Draw what the stacks hold, what flows between them, and who may reach what."""
    try:
        home = company.home()
        synthesis = Synthesis.load(out or company.output(), home)
    except FaultError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from None
    folder = to or home / "diagram"
    folder.mkdir(parents=True, exist_ok=True)
    for here in by_environment(synthesis):
        file = folder / f"{here.environment}.html"
        file.write_text(page.html(model.read(here)), encoding="utf-8")
        typer.echo(file)


if __name__ == "__main__":
    app()
