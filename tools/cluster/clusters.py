"""A cluster, whoever made it: its API server, and this machine's address for its nodes."""

import shlex
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from local_kubernetes.server import ApiServer

from tools.local_image.store import Store

LOCAL = ("localhost", "127.0.0.1")


class ClusterError(Exception):
    """There is no cluster, or it cannot be used; the message says why and how to fix it."""


class Cluster(Protocol):
    """A running cluster."""

    @property
    def server(self) -> ApiServer:
        """Its API server, asked as an administrator."""

    @property
    def kubeconfig(self) -> Path:
        """Its kubeconfig, for Helm."""

    @property
    def address(self) -> str:
        """The IP address under which its nodes reach this machine."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """The cluster of a kubeconfig."""

    kubeconfig: Path
    address: str

    @property
    def server(self) -> ApiServer:
        """Its API server, as the user of the kubeconfig."""
        return ApiServer.of_kubeconfig(self.kubeconfig)


def issuer(server: ApiServer) -> str:
    """Return the issuer (`iss`) of the cluster's service account tokens."""
    return str(server.document("/.well-known/openid-configuration")["issuer"])


def address_towards(url: str) -> str:
    """Return this machine's IPv4 address on the route to a server.

    Raises:
        ClusterError: there is no route, or the server is on this machine itself.
    """
    parts = urlsplit(url)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((parts.hostname, parts.port or 443))
        except OSError as error:
            raise ClusterError(f"{url}: {error}") from None
        found = str(probe.getsockname()[0])
    if found.startswith("127."):
        raise ClusterError(
            f"the API server is {url}, so it does not tell where the cluster's nodes find this "
            "machine\n    fix: --address with an address of this machine that they reach"
        )
    return found


def load(command: str, images: Mapping[str, Path]) -> dict[str, str]:
    """Load each image's archive by a command; return the images' names, which stay.

    Args:
        command: its words; the archive's path replaces `{}`, or is appended where there is none.
        images: the archive of each image, by name.

    Raises:
        ClusterError: the command failed, or is not there.
    """
    for archive in images.values():
        words = shlex.split(command)
        words = (
            [each.replace("{}", str(archive)) for each in words]
            if "{}" in command
            else [*words, str(archive)]
        )
        try:
            done = subprocess.run(words, capture_output=True, text=True, check=False)
        except OSError as error:
            raise ClusterError(f"--load-images: {error}") from None
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ClusterError(f"`{shlex.join(words)}` ended with {done.returncode}: {said}")
    return {name: name for name in images}


def push(registry: str, images: Mapping[str, Path]) -> dict[str, str]:
    """Push images to a registry that the cluster's nodes read; return their names there.

    Raises:
        LocalImageError: buildah failed.
    """
    store, names = Store.default(), {}
    plain = registry.partition("/")[0].partition(":")[0] in LOCAL  # as container runtimes do
    for name, archive in images.items():
        names[name] = f"{registry}/{name.rsplit('/', 1)[-1]}"
        found = store.run("pull", "--quiet", f"docker-archive:{archive}").splitlines()[-1]
        options = ["--tls-verify=false"] if plain else []
        store.run("push", "--quiet", *options, found, f"docker://{names[name]}")
        store.run("rmi", found)
    return names
