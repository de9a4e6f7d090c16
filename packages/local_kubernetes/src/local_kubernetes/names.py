"""The cluster's name server: it knows its Services."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from local_kubernetes.control_plane import running
from local_kubernetes.repeat import repeated
from local_kubernetes.server import ApiServer

DOMAIN = "cluster.local"
SECONDS = 1.0


@contextmanager
def names(server: ApiServer, folder: Path, address: str) -> Iterator[None]:
    """Serve names while the block runs.

    Args:
        server: is asked for Services every second.
        folder: for its file.
        address: where it listens.
    """
    hosts = folder / "hosts"
    hosts.touch()
    command = [
        "dnsmasq",
        "--keep-in-foreground",
        "--no-resolv",
        "--no-hosts",
        "--user=root",
        "--conf-file=/dev/null",
        "--bind-interfaces",
        f"--listen-address={address}",
        f"--addn-hosts={hosts}",
        f"--local=/{DOMAIN}/",
    ]
    known = ""
    with running(command, folder / "names.log") as process:

        def follow() -> None:
            nonlocal known
            with suppress(ApiException, HTTPError):
                found = _services(server)
                if found != known:
                    hosts.write_text(found)
                    process.send_signal(signal.SIGHUP)
                    known = found

        with repeated(follow, seconds=SECONDS):
            yield


def _services(server: ApiServer) -> str:
    lines = []
    api: Any = client.CoreV1Api(server.client)
    for service in api.list_service_for_all_namespaces().items:
        if (address := service.spec.cluster_ip) not in (None, "", "None"):
            name = f"{service.metadata.name}.{service.metadata.namespace}.svc.{DOMAIN}"
            lines.append(f"{address} {name}")
    return "\n".join([*sorted(lines), ""])
