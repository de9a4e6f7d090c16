"""`python -m tools.attack_paths`: what each start reaches in each environment, and by which way.

Exit status: 0 every path is accepted; 1 one is not, or an acceptance is over or stale; 2 cannot
judge: nothing synthesized, or not what the sources synthesize now, or a file that cannot be read.
"""

import os
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from conventions import company
from conventions.faults import FaultError
from conventions.stack_names import SEED
from environments.load import load
from synthesis.reader import Synthesis
from synthesis.resources import by_environment
from tools.attack_paths import accepted, graph, page, picture, reading, report
from tools.options import Out

OURS = Path(__file__).with_name("accepted_paths.toml")
app = typer.Typer(add_completion=False)


@app.command()
def main(
    out: Out = None,
    environments: Annotated[
        Path | None, typer.Option(help="the environment files, for what they are like")
    ] = None,
    accepted_file: Annotated[
        Path | None,
        typer.Option("--accepted", help="what you accept; else policy/accepted_paths.toml"),
    ] = None,
    page_file: Annotated[
        Path | None, typer.Option("--page", help="write the answer as a page of Markdown, too")
    ] = None,
    picture_file: Annotated[
        Path | None, typer.Option("--picture", help="and the picture that the page shows (SVG)")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="the day to judge on", metavar="YYYY-MM-DD"),
    ] = None,
) -> None:
    """Find the ways by which people and code reach what they must not."""
    day = on.date() if on else date.today()
    try:
        out = out or company.output()
        file = accepted_file or company.home() / "policy" / "accepted_paths.toml"
        theirs = accepted.load(file) if accepted_file or file.exists() else []
        known = [*theirs, *accepted.load(OURS)]
        synthesis = Synthesis.load(out, company.home())
        folder = environments or company.environments()
        kinds = {env.name: env.kind for env in load(sorted(folder.glob("*.toml")))}
        lands = {here.environment: here for here in by_environment(synthesis)}
        seed = lands.pop(SEED) if any(stack.name == SEED for stack in synthesis.stacks) else None
        facts = [
            reading.read(here, kinds.get(here.environment, ""), company.home(), seed=seed)
            for here in lands.values()
        ]
    except FaultError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from None
    verdicts = [accepted.judge(each, graph.build(each), known, day) for each in facts]
    ended = accepted.over(known, day)
    stale = accepted.stale(theirs, verdicts, day)  # ours serve environments that are not yours
    for line in report.lines(verdicts, ended, stale):
        typer.echo(line)
    if picture_file:
        every = [path for verdict in verdicts for path, _ in verdict.accepted]
        every += [path for verdict in verdicts for path in verdict.refused]
        steps = page.accepted_steps(verdicts)
        picture_file.write_text(picture.svg(every, steps), encoding="utf-8")
    if page_file:
        beside = picture_file or page_file.with_suffix(".svg")
        shown = os.path.relpath(beside, page_file.parent)
        page_file.write_text(page.text(verdicts, Path(shown).as_posix()), encoding="utf-8")
    failed = ended or stale or any(verdict.refused for verdict in verdicts)
    raise typer.Exit(1 if failed else 0)


if __name__ == "__main__":
    app()
