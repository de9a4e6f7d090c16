"""Stop and start an environment by the schedule of its file: `[hibernation]`.

`keep` is what a pipeline calls each half an hour. In the hours in which the environment runs, it
starts what is stopped; in the two hours after them it stops what runs. `wake` starts it at once,
and the next `keep` that stops it is that of the next evening. The database starts first and stops
last.

Speaks to Azure by `az`, as it is signed in. Exit status: 0 done, or nothing to do; 1 Azure refused;
2 there is no such environment.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from conventions import company
from conventions.faults import FaultError
from environments.load import read
from synthesis.reader import Synthesis
from tools.azure_names import Part, azure_name
from tools.exit_status import Exit
from tools.options import Named

RULE = "azurerm_monitor_alert_processing_rule_suppression"
ROLE = "asleep"

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


class AzureError(Exception):
    """Azure did not do what it was asked for."""


class Sleeper:
    """Cluster and database of an environment, as Azure has them."""

    def __init__(self, synthesis: Synthesis, environment: str) -> None:
        def name(part: Part) -> str:
            return azure_name(synthesis, environment, part)

        cluster = ["--name", name(Part.CLUSTER), "--resource-group", name(Part.CLUSTER_GROUP)]
        server = ["--name", name(Part.DATABASE_SERVER), "--resource-group", name(Part.DATA_GROUP)]
        self._parts = {
            "database": (["postgres", "flexible-server"], server, ("state",)),
            "cluster": (["aks"], cluster, ("powerState", "code")),
        }

    def state(self, part: str) -> str:
        """Return `Running`, `Stopped` and the like; `Missing` before the first deployment.

        Raises:
            AzureError: nobody is signed in, or may read it.
        """
        command, named, path = self._parts[part]
        done = _az(*command, "show", *named, "--output", "json")
        if done.returncode:
            if "NotFound" in done.stderr or "was not found" in done.stderr:
                return "Missing"
            raise AzureError(f"az {' '.join(command)} show: {done.stderr.strip()}")
        found = json.loads(done.stdout)
        for key in path:
            found = found.get(key) or {}
        return {"Ready": "Running"}.get(str(found), str(found))

    def asleep(self) -> list[str]:
        """Return the parts that do not run."""
        return [f"{p} {s}" for p in self._parts if (s := self.state(p)) in ("Stopped", "Stopping")]

    def turn(self, verb: str) -> Iterator[str]:
        """Start or stop what is not so yet, and tell each.

        Raises:
            AzureError: Azure refused one.
        """
        here = {"start": "Stopped", "stop": "Running"}[verb]
        for part in self._parts if verb == "start" else reversed(self._parts):
            if self.state(part) == here:
                command, named, _ = self._parts[part]
                done = _az(*command, verb, *named)
                if done.returncode:
                    raise AzureError(f"az {' '.join(command)} {verb}: {done.stderr.strip()}")
                yield f"{part}: {'started' if verb == 'start' else 'stopped'}"


def _az(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["az", *command], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise AzureError(
            "az is not installed (learn.microsoft.com: Install the Azure CLI)"
        ) from None


def asleep(synthesis: Synthesis, environment: str) -> list[str]:
    """Return what of an environment is stopped by its schedule; none, where it has no schedule.

    Raises:
        AzureError: Azure cannot be asked.
    """
    if not any(ROLE in stack.resources(RULE) for stack in synthesis.select(environment).stacks):
        return []
    return Sleeper(synthesis, environment).asleep()


@app.command()
def keep(
    environment: Named,
    now: Annotated[datetime | None, typer.Option(help="Another moment than now, in UTC.")] = None,
) -> None:
    """Do what the schedule says now."""
    at = (now or datetime.now(UTC)).replace(tzinfo=UTC)
    try:
        schedule = read(company.environments() / f"{environment}.toml").hibernation
    except FaultError as error:
        _end(error, Exit.BAD_INPUT)
    if schedule is None:
        typer.echo(f"{environment}: has no [hibernation], and always runs")
    elif schedule.runs(at):
        _turn(environment, "start")
    elif schedule.stops(at):
        _turn(environment, "stop")
    else:
        typer.echo(f"{environment}: sleeps, unless somebody woke it")


@app.command()
def wake(environment: Named) -> None:
    """Start an environment, whatever the schedule says."""
    _turn(environment, "start")


def _turn(environment: str, verb: str) -> None:
    try:
        sleeper = Sleeper(Synthesis.load(company.output(), company.home()), environment)
        done = False
        for told in sleeper.turn(verb):
            typer.echo(f"{environment}: {told}")
            done = True
    except AzureError as error:
        _end(error, Exit.FAILED)
    except FaultError as error:
        _end(error, Exit.BAD_INPUT)
    if not done:
        typer.echo(f"{environment}: nothing to {verb}")


def _end(error: Exception, status: Exit) -> None:
    typer.echo(error, err=True)
    sys.exit(status)


if __name__ == "__main__":
    app()
