"""Three ways to a cluster: a context of KUBECONFIG, a cluster of kind's, or a node of its own.

A cluster that the rehearsal did not make is touched only if its context is named, and only if it
has nothing that the rehearsal makes. This process outlives the journey and removes what was made.
"""

import json
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from local_kubernetes.room import RoomError, check, check_processes
from urllib3.exceptions import HTTPError

from tools.cluster.claims import Claim
from tools.cluster.clusters import ClusterError, Given, address_towards, load, push
from tools.cluster.deployment import Deployment

PROGRAMS = {"nginx": "nginx", "node": "nodejs", "psql": "postgresql"}
WAIT = "180s"
KUBECONFIG = "kubeconfig"
Tell = Callable[[str], None]


class Way(StrEnum):
    """Who makes the cluster."""

    NODE = "node"
    KIND = "kind"
    CONTEXT = "context"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The command line's options that choose the cluster."""

    within: Way | None = None
    context: str | None = None
    load_images: str | None = None
    registry: str | None = None
    address: str | None = None
    node_image: str | None = None


@dataclass(frozen=True, kw_only=True)
class Guest:
    """A cluster that is not a node of this room, and the function that brings images to it."""

    cluster: Given
    take: Callable[[Mapping[str, Path]], dict[str, str]]


def choose(wish: Wish) -> Way:
    """Return the way to a cluster: the named context, else kind where Docker is, else a node.

    Raises:
        ClusterError: none is possible on this machine, or the options exclude each other.
    """
    if wish.node_image and wish.within != Way.KIND:
        raise ClusterError("--node-image is for kind's nodes: it goes with --with kind")
    if wish.context or wish.within == Way.CONTEXT:
        if not wish.context or wish.within in (Way.NODE, Way.KIND):
            raise ClusterError("--context NAME goes with no other --with")
        if bool(wish.load_images) == bool(wish.registry):
            raise ClusterError(
                "how do images get to the nodes of that cluster? --load-images COMMAND, for example"
                " 'minikube image load', or --registry NAME, which its nodes can read: one of both"
            )
        _can_be_guest()
        return Way.CONTEXT
    why = without_kind()
    if wish.within != Way.NODE and not why:
        _can_be_guest()
        return Way.KIND
    if wish.within == Way.KIND:
        raise ClusterError(f"no cluster of kind's: {why}")
    try:
        check(PROGRAMS)
    except RoomError as error:
        raise ClusterError(
            f"no cluster can be made here\n    a node of its own: {error}\n    "
            f"kind: {why or 'not asked for'}\n    "
            "or name one that may be used, of your KUBECONFIG: --context NAME"
        ) from None
    return Way.NODE


def without_kind() -> str:
    """Return why kind cannot make a cluster here; empty if it can."""
    if shutil.which("docker") is None:
        return "Docker is not installed"
    asked = ["docker", "info", "--format", "{{.ServerVersion}}"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return f"`docker info` ended with {done.returncode}: {said}"
    if shutil.which("kind") is None:
        return "Docker is there, kind is not on PATH (https://kind.sigs.k8s.io)"
    return ""


@contextmanager
def guest(
    way: Way, wish: Wish, folder: Path, deployment: Deployment, tell: Tell
) -> Iterator[Guest | None]:
    """Make or open the cluster, and clean it up when the block ends; None for a node.

    Raises:
        ClusterError: it cannot be made, or does not answer.
        TakenError: it already has something that the rehearsal would make.
    """
    file = folder / KUBECONFIG
    if way == Way.NODE:
        yield None
    elif way == Way.KIND:
        with _kind(file, kind_config(deployment, wish.node_image), tell) as made:
            yield made
    else:
        with _named(file, wish, deployment, tell) as made:
            yield made


@contextmanager
def _named(file: Path, wish: Wish, deployment: Deployment, tell: Tell) -> Iterator[Guest]:
    url = _server_of(file)
    cluster = Given(kubeconfig=file, address=wish.address or address_towards(url))
    try:
        claim = Claim.of(cluster.server, deployment)
        claim.check()
    except (ApiException, ConfigException, HTTPError) as error:
        why = str(error).strip().splitlines()[0]
        raise ClusterError(f"{url} does not answer the user of --context: {why}") from None

    def take(images: Mapping[str, Path]) -> dict[str, str]:
        if wish.registry:
            return push(wish.registry, images)
        return load(str(wish.load_images), images)

    try:
        yield Guest(cluster=cluster, take=take)
    finally:
        with _undisturbed():
            tell(f"removing from {wish.context} what was made there")
            claim.remove(tell)


def kind_config(deployment: Deployment, image: str | None = None) -> dict[str, object]:
    """Return kind's configuration: the environment's address ranges, and the image of the node.

    Without an image, the node has that of kind's release, and its Kubernetes.
    """
    network = deployment.one("azurerm_kubernetes_cluster")["network_profile"][0]
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "networking": {"podSubnet": network["pod_cidr"], "serviceSubnet": network["service_cidr"]},
        "nodes": [{"role": "control-plane"} | ({"image": image} if image else {})],
    }


@contextmanager
def _kind(file: Path, wanted: Mapping[str, object], tell: Tell) -> Iterator[Guest]:
    name = f"airflow-rehearsal-{secrets.token_hex(3)}"
    config = file.with_name("kind.json")  # kind reads YAML, of which this is a part
    config.write_text(json.dumps(wanted))
    which = ["--name", name, "--kubeconfig", str(file)]
    tell(f"kind makes the cluster {name}")
    try:
        _kinds("create", "cluster", *which, "--config", str(config), "--wait", WAIT)
        yield Guest(
            cluster=Given(kubeconfig=file, address=_gateway()),
            take=lambda images: load(f"kind load image-archive --name {name}", images),
        )
    finally:
        with _undisturbed():
            tell(f"deleting kind's cluster {name}")
            _kinds("delete", "cluster", *which)


def _gateway() -> str:
    """Return this machine's address in the network of kind's nodes."""
    asked = ["docker", "network", "inspect", "kind", "--format"]
    asked += ["{{range .IPAM.Config}}{{.Gateway}} {{end}}"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    found = [each for each in said.split() if ":" not in each]
    if not found:
        raise ClusterError("Docker's network `kind` has no gateway of IPv4")
    return found[0]


def _kinds(*command: str) -> None:
    done = subprocess.run(
        ["kind", *command], capture_output=True, text=True, check=False, start_new_session=True
    )
    if done.returncode:
        raise ClusterError(f"kind {command[0]} {command[1]}: {done.stderr.strip()[-1500:]}")


def _server_of(file: Path) -> str:
    import yaml

    found = yaml.safe_load(file.read_text())
    return str(found["clusters"][0]["cluster"]["server"])


def _can_be_guest() -> None:
    try:
        check_processes(PROGRAMS)
    except RoomError as error:
        raise ClusterError(f"Azure's side of the cluster cannot run here: {error}") from None


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignore signals while the block cleans up."""
    signs = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {sign: signal.signal(sign, signal.SIG_IGN) for sign in signs}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
