"""`python -m tools.policy`: check cdktf.out against checkov's rules and ours.

Exit status: 0 passed, 1 a rule is broken without a waiver or a waiver is stale, 2 cannot judge:
nothing synthesized, not what the sources synthesize now, a malformed waiver file, or no checkov.
"""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conventions import company
from conventions.faults import FaultError
from environments.load import load
from synthesis.reader import Synthesis
from synthesis.resources import by_environment
from tools.options import Out
from tools.policy import checkov, gate, policy_report, rules, waivers
from tools.policy.corrections import corrected

OURS = Path(__file__).with_name("waivers.toml")
app = typer.Typer(add_completion=False)


@app.command()
def main(
    out: Out = None,
    waiver_files: Annotated[
        list[Path] | None,
        typer.Option("--waivers", help="the rules that are broken knowingly; else ours and yours"),
    ] = None,
    environments: Annotated[
        Path | None, typer.Option(help="the environment files, for what they are like")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, not tables")] = False,
) -> None:
    """Check the synthesized stacks against checkov's rules and the project's own."""
    try:
        out = out or company.output()
        files = waiver_files or [company.waivers()]
        excuses = [waiver for file in files for waiver in waivers.load(file)]
        ours = [] if waiver_files else waivers.load(OURS)
        synthesis = Synthesis.load(out, company.home())
        folder = environments or company.environments()
        kinds = {env.name: env.kind for env in load(sorted(folder.glob("*.toml")))}
        results = checkov.scan(out)
    except FaultError as error:
        Console(stderr=True).print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None
    found = by_environment(synthesis)
    results = list(corrected(results, found))
    for stacks in found:
        results += rules.apply(stacks)
    verdict = gate.judge(results, excuses, kinds, lasting=ours)
    if as_json:
        print(json.dumps(policy_report.as_json(verdict), indent=2))
    else:
        policy_report.show(verdict, Console())
    raise typer.Exit(0 if verdict.passed else 1)


if __name__ == "__main__":
    app()
