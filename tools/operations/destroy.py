"""Destroy an environment, the last stack first; refuses one that is protected.

Three things must be so before anything is touched: the word names the environment, `protect_data`
is false in what is deployed, and no lock of Azure is left.

Exit statuses: 0 all stacks are gone; 1 one is not, run it again; 2 refused or not started, nothing
was touched: the word, the protection, a lock, a program, or no such environment.
"""

import json
import re
import sys
from shutil import which
from typing import Annotated, Any

import typer

from conventions import company
from conventions.faults import Fault
from environments.load import read
from synthesis.reader import Stack, Synthesis
from tools.exit_status import Exit
from tools.operations.programs import (
    FailedError,
    OperationError,
    Programs,
    beginning,
    failed,
    require,
)
from tools.options import Named, Out

# traffic analytics makes them by itself, in the group of its workspace; the rule names the endpoint
_MICROSOFTS = ("dataCollectionRules", "dataCollectionEndpoints")
_OF_TRAFFIC_ANALYTICS = "NWTA-"


def main(
    environment: Named,
    word: Annotated[
        str,
        typer.Option(envvar="DESTROY_WORD", help="destroy <environment>, letter by letter."),
    ] = "",
    out: Out = None,
) -> None:
    """Destroy an environment."""
    programs = Programs()
    with beginning():
        cdktf = ("cdktf",) if which("cdktf") else ("npx", "cdktf")  # ./product brings the first
        require(**{"az": "install the Azure CLI", cdktf[0]: "install Node"})
        synthesis = Synthesis.load(out or company.output(), company.home())
        stacks = synthesis.select(environment).stacks
        _refuse(environment, word, stacks)
        _refuse_locks(programs, stacks)
    try:
        for stack in reversed(stacks):
            if stack.short_name == "platform":
                _clear(programs, stack)
            programs.show(
                *(*cdktf, "destroy", stack.name, "--auto-approve", "--skip-synth"),
                "--ignore-missing-stack-dependencies",
            )
    except FailedError as error:
        failed(error)
        print("what is gone stays gone; run it again: those stacks plan nothing", file=sys.stderr)
        sys.exit(Exit.FAILED)
    print(f"{environment} is destroyed; what is left by intent: docs/how-to/operate/destroy.md")


def _refuse(environment: str, word: str, stacks: tuple[Stack, ...]) -> None:
    """Refuse without the word, and what is protected.

    Raises:
        OperationError: with every reason.
    """
    faults = []
    wanted = f"destroy {environment}"
    if word != wanted:
        faults.append(
            Fault(
                place="--word",
                key=repr(word),
                problem=f"is not the word for it; every DAG, log and row of {environment} is lost",
                allowed=wanted,
                fix=f'give --word "{wanted}" if you mean it',
            )
        )
    file = company.environments() / f"{environment}.toml"
    protected = [s.name for s in stacks if re.search('"prevent_destroy": ?true', _text(s))]
    if read(file).protect_data or protected:
        faults.append(
            Fault(
                place=str(file),
                key="protect_data = true",
                problem="what holds data is protected"
                + (f" ({', '.join(protected)})" if protected else ""),
                allowed="protect_data = false, merged and deployed",
                fix="docs/how-to/operate/destroy.md, step 2: a pull request that others see",
            )
        )
    if faults:
        raise OperationError(faults)


def _refuse_locks(programs: Programs, stacks: tuple[Stack, ...]) -> None:
    for group in _groups(stacks):
        exists = ("az", "group", "exists", "--name", group)
        if programs.run(*exists).strip() != "true":
            continue
        locks = programs.ask("az", "lock", "list", "--resource-group", group, "--output", "json")
        if locks:
            fault = Fault(
                place=f"resource group {group}",
                key=", ".join(lock["name"] for lock in locks),
                problem="Azure's locks are still there",
                allowed="none",
                fix="deploy with protect_data = false: that deletes the locks of this environment",
            )
            raise OperationError([fault])


def _groups(stacks: tuple[Stack, ...]) -> list[str]:
    return [
        group["name"]
        for stack in stacks
        for group in stack.resources("azurerm_resource_group").values()
    ]


def _clear(programs: Programs, stack: Stack) -> None:
    """Delete what traffic analytics has made: Terraform deletes no group that is not empty."""
    for group in _groups((stack,)):
        if programs.run("az", "group", "exists", "--name", group).strip() != "true":
            continue
        for kind in _MICROSOFTS:
            found: list[dict[str, Any]] = (
                programs.ask(
                    *("az", "resource", "list", "--resource-group", group),
                    *("--resource-type", f"Microsoft.Insights/{kind}", "--output", "json"),
                )
                or []
            )
            for one in found:
                if one["name"].startswith(_OF_TRAFFIC_ANALYTICS):
                    programs.run("az", "resource", "delete", "--ids", one["id"])


def _text(stack: Stack) -> str:
    return json.dumps(stack.document)


if __name__ == "__main__":
    typer.run(main)
