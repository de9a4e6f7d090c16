"""Install an environment's releases on a real Kubernetes, and go through a journey there.

A node of its own on this machine: Linux, root. Everything is stopped and removed at the end.
Exit statuses: 0 good; 1 something was lost, doubled or did not come; 2 it could not start; 130 it
was interrupted.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from helm_python import HelmError
from kubernetes.client.exceptions import ApiException
from local_kubernetes.programs import NODE, ProgramsMissingError, find, nearest
from local_kubernetes.room import FOLDER, RoomError, check, run, settle
from rich.console import Console
from terraform_runner.errors import RunError

from conventions import company
from conventions.company import PRODUCT
from conventions.faults import FaultError
from tools.airflow_venv import AirflowUnavailableError, airflow_bin
from tools.cluster.airflow import Airflow, AirflowError
from tools.cluster.database import DatabaseError
from tools.cluster.deployment import Deployment, deploy
from tools.cluster.images import write_images
from tools.cluster.journey import Journey
from tools.cluster.platform import luggage, platform
from tools.cluster.story import Story
from tools.exit_status import INTERRUPTED, Exit
from tools.local_image.errors import LocalImageError

PACKED = "CLUSTER_REHEARSAL"
DBT_LOCK = PRODUCT / "images" / "airflow" / "dbt-requirements.lock"
PROGRAMS = {"nginx": "nginx", "node": "nodejs", "psql": "postgresql"}
NEXT_TAG = "next-0000000"
FAILURES = (AirflowError, ApiException, DatabaseError, HelmError, OSError, RuntimeError)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is asked of the room."""

    then: str | None
    logs: Path | None


def main(
    environment: Annotated[
        str | None, typer.Option(help="Which environment's stacks; the first by default.")
    ] = None,
    then: Annotated[
        str | None,
        typer.Option(help="In place of the journey: a command of bash, with KUBECONFIG."),
    ] = None,
    logs: Annotated[
        Path | None, typer.Option(help="Copy the logs of all programs and pods there.")
    ] = None,
) -> None:
    """Run from the command line."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        if FOLDER in os.environ:
            packed = Path(os.environ[PACKED])
            sys.exit(_inside(packed, Options(then=then, logs=logs), console))
        sys.exit(_outside(environment, console))
    except (RoomError, ProgramsMissingError, LocalImageError, DatabaseError) as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(Exit.BAD_INPUT)
    except (FaultError, RunError) as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(Exit.BAD_INPUT)
    except KeyboardInterrupt:
        console.print(INTERRUPTED, style="red")
        sys.exit(Exit.INTERRUPTED)


def _outside(environment: str | None, console: Console) -> int:
    """Make what the room needs, then run this again in it."""
    check(PROGRAMS)
    with tempfile.TemporaryDirectory(prefix="room-luggage-") as scratch:
        packed = Path(scratch)
        story = Story(console)
        with story.step("deploy the stacks with stand-ins") as step:
            made = deploy(company.home(), environment, os.environ, lambda _: None)
            step.told = f"{sum(map(len, made.resources.values()))} resources"
        made.save(packed / "deployment.json")
        minor = nearest(made.one("azurerm_kubernetes_cluster")["kubernetes_version"])
        find(minor), find(minor, NODE)
        (packed / "minor").write_text(minor)
        with story.step("image of this checkout"):
            write_images(packed, luggage(packed).trusted, minor)
        with story.step("example DAGs with dbt's manifest") as step:
            step.told = _pack_dags(packed / "dags")
        again = [sys.executable, "-m", "tools.cluster", *sys.argv[1:]]
        return run(again, {**os.environ, PACKED: str(packed)})


def _inside(packed: Path, options: Options, console: Console) -> int:
    """Run it all in the room that this process is in."""
    room, story = settle(), Story(console)
    made = Deployment.load(packed / "deployment.json")
    minor = (packed / "minor").read_text()
    with ExitStack() as parts:
        parts.callback(_keep_logs, room, options.logs)
        with story.step("cluster, and Azure's side"):
            running = parts.enter_context(platform(room, packed, made, PRODUCT, minor))
        journey = Journey(running, Airflow(running, PRODUCT), story, packed / "dags")
        if not all(_go(step, story) for step in (journey.install, journey.smoke, journey.upload)):
            return Exit.FAILED
        if options.then:
            variables = os.environ | {"KUBECONFIG": str(running.cluster.kubeconfig)}
            shell = ["bash", "-c", options.then]
            return subprocess.run(shell, env=variables, check=False).returncode
        for step in journey.steps(NEXT_TAG):
            _go(step, story)
    story.tell()
    return Exit.FAILED if story.findings else Exit.GOOD


def _go(step: Callable[[], None], story: Story) -> bool:
    """Take one step; what stops it is a finding, and the journey goes on."""
    try:
        step()
    except FAILURES as error:
        story.check(False, str(error))
        return False
    return True


def _keep_logs(room: Path, folder: Path | None) -> None:
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        for log in (*room.glob("*.log"), *room.glob("front/*.log")):
            shutil.copy(log, folder)
        shutil.copytree(room / "pod-logs", folder / "pods", dirs_exist_ok=True)


def _pack_dags(folder: Path) -> str:
    """Copy the example DAGs, with the manifest of dbt that a pipeline makes."""
    shutil.copytree(PRODUCT / "dags", folder, ignore=shutil.ignore_patterns("__pycache__"))
    try:
        dbt = airflow_bin(DBT_LOCK) / "dbt"
    except AirflowUnavailableError as error:
        return f"without the manifest, so orders_warehouse fails: {error}"
    shutil.copy(Path(__file__).parent / "dags" / "journey_work.py", folder)
    command = [str(dbt), "--quiet", "parse", "--target", "warehouse", "--profiles-dir", "."]
    subprocess.run(command, cwd=folder / "dbt", check=True, capture_output=True)
    shutil.rmtree(folder / "dbt" / "logs", ignore_errors=True)
    return "with the manifest"


if __name__ == "__main__":
    typer.run(main)
