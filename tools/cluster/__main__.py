"""Install an environment's releases on a real Kubernetes, and go through a journey there.

The cluster is a node that this program starts, one that kind makes, or a context of KUBECONFIG.
Needs Linux and root. Everything is stopped and removed at the end.

Exit statuses: 0 good; 1 a step failed, or a task was lost or ran twice; 2 it could not start; 130
it was interrupted.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from helm_python import HelmError
from kubernetes.client.exceptions import ApiException
from local_kubernetes.contexts import ContextError, write_context
from local_kubernetes.node import Wishes
from local_kubernetes.node import cluster as node_cluster
from local_kubernetes.programs import NODE, ProgramsMissingError, find, nearest
from local_kubernetes.room import RoomError, enter, run, settle
from rich.console import Console
from terraform_runner.errors import RunError
from urllib3.exceptions import HTTPError

from conventions import company
from conventions.company import PRODUCT
from conventions.faults import FaultError
from tools.airflow_venv import AirflowUnavailableError, airflow_bin
from tools.cluster.airflow import Airflow, AirflowError
from tools.cluster.claims import TakenError
from tools.cluster.clusters import Cluster, ClusterError, Given, issuer
from tools.cluster.database import DatabaseError
from tools.cluster.deployment import Deployment, deploy
from tools.cluster.images import Image, Luggage, write_images
from tools.cluster.journey import Journey, Step
from tools.cluster.platform import luggage, platform
from tools.cluster.story import Story
from tools.cluster.ways import KUBECONFIG, Guest, Way, Wish, choose, guest
from tools.exit_status import INTERRUPTED, Exit
from tools.local_image.errors import LocalImageError

PACKED = "CLUSTER_REHEARSAL"
DBT_LOCK = PRODUCT / "images" / "airflow" / "dbt-requirements.lock"
NEXT_TAG = "next-0000000"
REFUSALS = (
    ClusterError,
    ContextError,
    DatabaseError,
    FaultError,
    LocalImageError,
    ProgramsMissingError,
    RoomError,
    RunError,
    TakenError,
)
FAILURES = (
    AirflowError,
    ApiException,
    DatabaseError,
    HTTPError,
    HelmError,
    OSError,
    RuntimeError,
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The command line's options for the journey itself."""

    then: str | None
    only: list[Step]
    logs: Path | None


def main(
    environment: Annotated[
        str | None, typer.Option(help="Which environment's stacks; the first by default.")
    ] = None,
    then: Annotated[
        str | None,
        typer.Option(help="In place of the journey: a command of bash, with KUBECONFIG."),
    ] = None,
    only: Annotated[
        list[Step] | None,
        typer.Option(help="Only this step of the journey, after the upload; may be repeated."),
    ] = None,
    logs: Annotated[
        Path | None, typer.Option(help="Copy the logs of all programs and pods there.")
    ] = None,
    within: Annotated[
        Way | None,
        typer.Option("--with", help="A cluster of kind's or a node; kind where Docker is."),
    ] = None,
    context: Annotated[
        str | None,
        typer.Option(help="Of KUBECONFIG: a cluster that may be used; what is made is removed."),
    ] = None,
    load_images: Annotated[
        str | None,
        typer.Option(help="With --context: loads an archive of Docker's, named by {} or its end."),
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option(help="With --context: where images are pushed, and its nodes read them."),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(help="With --context: where its nodes find this machine, if not by itself."),
    ] = None,
    node_image: Annotated[
        str | None,
        typer.Option(help="With --with kind: the image of its node, of a registry or loaded."),
    ] = None,
) -> None:
    """Run from the command line."""
    wish = Wish(
        within=within,
        context=context,
        load_images=load_images,
        registry=registry,
        address=address,
        node_image=node_image,
    )
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        if PACKED in os.environ:
            packed = Path(os.environ[PACKED])
            sys.exit(_inside(packed, Options(then=then, only=only or [], logs=logs), console))
        sys.exit(_outside(environment, wish, console))
    except REFUSALS as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(Exit.BAD_INPUT)
    except FAILURES as error:
        console.print(f"{type(error).__name__}: {error}", style="red", markup=False)
        sys.exit(Exit.FAILED)
    except KeyboardInterrupt:
        console.print(INTERRUPTED, style="red")
        sys.exit(Exit.INTERRUPTED)


def _outside(environment: str | None, wish: Wish, console: Console) -> int:
    """Make what the room needs, then run this again in it."""
    way = choose(wish)
    tell = partial(console.print, markup=False)
    with tempfile.TemporaryDirectory(prefix="room-luggage-") as scratch:
        packed = Path(scratch)
        story = Story(console)
        if wish.context:
            write_context(wish.context, packed / KUBECONFIG)
        with story.step("deploy the stacks with stand-ins") as step:
            made = deploy(company.home(), environment, os.environ, lambda _: None)
            step.told = f"{sum(map(len, made.resources.values()))} resources"
        minor = nearest(made.one("azurerm_kubernetes_cluster")["kubernetes_version"])
        if way == Way.NODE:
            find(minor), find(minor, NODE)
        with guest(way, wish, packed, made, tell) as found:
            with story.step("image of this checkout"):
                images = write_images(packed, luggage(packed).trusted, made, minor)
            if found:
                with story.step("images into the cluster"):
                    images = _taken(found, images)
                made = _issued(made, found.cluster, story)
            with story.step("example DAGs with dbt's manifest") as step:
                step.told = _pack_dags(packed / "dags")
            made.save(packed / "deployment.json")
            address = found.cluster.address if found else None
            Luggage(minor=minor, images=images, address=address).save(packed)
            again = [sys.executable, "-m", "tools.cluster", *sys.argv[1:]]
            return run(again, {**os.environ, PACKED: str(packed)}, network=way == Way.NODE)


def _taken(found: Guest, images: Mapping[str, Image]) -> dict[str, Image]:
    """Bring images into a cluster; return what they are called there."""
    names = found.take({each.name: each.archive for each in images.values()})
    return {known: Image(names[each.name], each.archive) for known, each in images.items()}


def _issued(made: Deployment, cluster: Given, story: Story) -> Deployment:
    """Let the deployment's AKS be this cluster: its issuer is what credentials name."""
    with story.step("issuer of the cluster") as step:
        said = issuer(cluster.server)
        changed = made.with_issuer(said)
        credentials = changed.of_type("azurerm_federated_identity_credential")
        named = sum(each["issuer"] == said for each in credentials)
        step.told = f"{said}: {named} of {len(credentials)} federated credentials name it"
    return changed


def _inside(packed: Path, options: Options, console: Console) -> int:
    """Run it all in the room that this process is in."""
    luggage_, story = Luggage.load(packed), Story(console)
    made = Deployment.load(packed / "deployment.json")
    room = enter() if luggage_.address else settle()
    with ExitStack() as parts:
        parts.callback(_keep_logs, room, options.logs)
        with story.step("cluster, and Azure's side"):
            cluster = parts.enter_context(_cluster(packed, room, made, luggage_))
            images = {known: each.name for known, each in luggage_.images.items()}
            side = platform(room, packed, made, PRODUCT, cluster, images)
            running = parts.enter_context(side)
        journey = Journey(running, Airflow(running, PRODUCT), story, packed / "dags")
        if not all(_go(step, story) for step in (journey.install, journey.smoke, journey.upload)):
            return Exit.FAILED
        if options.then:
            variables = os.environ | {"KUBECONFIG": str(running.cluster.kubeconfig)}
            del variables[PACKED]
            shell = ["bash", "-c", options.then]
            return subprocess.run(shell, env=variables, check=False).returncode
        for name, step in journey.steps(NEXT_TAG).items():
            if name in (options.only or [name]):
                _go(step, story)
    story.tell()
    return Exit.FAILED if story.findings else Exit.GOOD


@contextmanager
def _cluster(packed: Path, room: Path, made: Deployment, luggage_: Luggage) -> Iterator[Cluster]:
    """Return the cluster that is there, else start a node in this room."""
    if luggage_.address:
        yield Given(kubeconfig=packed / KUBECONFIG, address=luggage_.address)
        return
    kubernetes = made.one("azurerm_kubernetes_cluster")
    network = kubernetes["network_profile"][0]
    wishes = Wishes(
        issuer=kubernetes["oidc_issuer_url"],
        services=network["service_cidr"],
        pods=network["pod_cidr"],
    )
    minor = luggage_.minor
    with node_cluster(find(minor), find(minor, NODE), room, wishes) as started:
        for each in luggage_.images.values():
            started.add_image(each.archive)
        started.add_volume("redis")
        yield started


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
        if (room / "pod-logs").is_dir():  # else they are on another machine
            shutil.copytree(room / "pod-logs", folder / "pods", dirs_exist_ok=True)


def _pack_dags(folder: Path) -> str:
    """Copy the example DAGs, with the manifest of dbt that a pipeline makes."""
    shutil.copytree(PRODUCT / "dags", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for own in (Path(__file__).parent / "dags").glob("*.py"):
        shutil.copy(own, folder)
    try:
        dbt = airflow_bin(DBT_LOCK) / "dbt"
    except AirflowUnavailableError as error:
        return f"without the manifest, so orders_warehouse fails: {error}"
    command = [str(dbt), "--quiet", "parse", "--target", "warehouse", "--profiles-dir", "."]
    subprocess.run(command, cwd=folder / "dbt", check=True, capture_output=True)
    shutil.rmtree(folder / "dbt" / "logs", ignore_errors=True)
    return "with the manifest"


if __name__ == "__main__":
    typer.run(main)
