"""Make the seed: what `seed.toml` says stands before the first environment, once for a company.

Tells each step before it is made, asks before it changes anything, and may be run again at any
time, after an interruption too: it looks how far it had come. The state is kept in the account that
the first step makes. Signs in as `az login` has done.

Exit status: 0 it stands as seed.toml says; 1 Terraform refused, or a state is not what it should
be; 2 it could not start: no seed.toml, nothing synthesized, no Terraform; 3 somebody said no, or
nobody could be asked (--yes answers for a pipeline, and never agrees to a deletion).
"""

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from terraform_runner.binary import find_terraform
from terraform_runner.errors import RunError
from terraform_runner.terraform import Terraform

from conventions import company
from conventions.faults import FaultError
from conventions.stack_names import SEED
from environments.load import read_seed
from environments.seed import Seed
from synthesis.reader import Synthesis
from tools.exit_status import INTERRUPTED, Exit
from tools.seed.answers import no_seed, told_after
from tools.seed.states import SeedStates
from tools.seed.steps import Seeding

app = typer.Typer(add_completion=False)
console = Console(stderr=True, highlight=False, soft_wrap=True)


class Terminal:
    """Asks a person on the terminal, or agrees for one with --yes."""

    def __init__(self, *, yes: bool) -> None:
        self._yes = yes

    def tell(self, text: str) -> None:
        """Print what is done next, or was done."""
        console.print(text, markup=False)

    def agreed(self, question: str, *, deletes: bool) -> bool:
        """Ask, and return the answer; --yes agrees to all but a deletion."""
        if self._yes:
            if deletes:
                self.tell("--yes agrees to no deletion: look at the plan, and run it by hand.")
            return not deletes
        if not sys.stdin.isatty():
            self.tell("Nobody can be asked: run it in a terminal, or with --yes.")
            return False
        console.print(f"{question} Only 'yes' makes it: ", end="", markup=False)
        return sys.stdin.readline().strip() == "yes"


@app.command(help=__doc__)
def main(
    yes: Annotated[
        bool, typer.Option("--yes", help="Agree to everything but deletions, as in a pipeline.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be done, and end.")] = False,
) -> None:
    """Run from the command line."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        seed = _seed()
        stack = Synthesis.load(company.output(), company.home()).select(SEED).stacks[0]
        with tempfile.TemporaryDirectory(prefix="seed-") as scratch:
            variables = {**os.environ, "TF_INPUT": "0", "TF_IN_AUTOMATION": "1"}
            terraform = Terraform(
                binary=find_terraform(Path(scratch), variables), environment=variables
            )
            states = SeedStates(company.home() / ".seed", stack, terraform)
            Seeding(states=states, terraform=terraform, talk=Terminal(yes=yes)).run(plan_only=plan)
            outputs = {} if plan else terraform.outputs(states.folder)
    except KeyboardInterrupt:
        console.print(f"{INTERRUPTED}; run it again: it goes on where it was", style="red")
        sys.exit(Exit.INTERRUPTED)
    except RunError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(error.status)
    except FaultError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(Exit.BAD_INPUT)
    typer.echo("\n".join(told_after(seed, outputs)))


def _seed() -> Seed:
    file = company.seed()
    if file is None:
        raise no_seed()
    return read_seed(file)


if __name__ == "__main__":
    app()
