"""What real NGINX answers, and writes, when the API server does not: the runbook tells by these."""

import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from loopback_azure.certificates import CertificateFiles

from helm_values.ingress.host import ingress_values
from helm_values.ingress.nginx_config import config_map
from tests import ROOT
from tests.parts.processes import free_port, running
from tests.parts.skips import program
from tools.cluster.ingress_nginx import Listening, nginx_conf

RUNBOOK = (ROOT / "docs/how-to/operate/alerts/airflow-unavailable.md").read_text()
Behaviour = Callable[[socket.socket], None]


def closes(connection: socket.socket) -> None:
    """End as a process does that is killed while it answers."""
    with connection:
        connection.recv(65536)


def hangs(connection: socket.socket) -> None:
    """Read the question, and never answer."""
    with connection:
        connection.recv(65536)
        connection.recv(1)


@contextmanager
def upstream(behaviour: Behaviour | None) -> Iterator[int]:
    """An API server that does not answer; without a behaviour nobody listens."""
    if behaviour is None:
        yield free_port()
        return
    with socket.create_server(("127.0.0.1", 0)) as server:
        chosen = behaviour

        def serve() -> None:
            try:
                while True:
                    chosen(server.accept()[0])
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def answer(folder: Path, api_port: int) -> tuple[int, str]:
    """Return the status that a browser gets from NGINX, and what NGINX wrote."""
    files = CertificateFiles.make(folder, ["localhost"])
    port = free_port()
    conf = nginx_conf(
        config_map(max_body_mib=1) | {"proxy-read-timeout": "1s"},
        ingress_values(host="localhost", tls_secret="airflow-tls"),
        Listening(
            folder=folder,
            http_port=free_port(),
            https_port=port,
            upstream=f"127.0.0.1:{api_port}",
            certificate=files.certificate,
            key=files.key,
        ),
    )
    (folder / "nginx.conf").write_text(conf)
    nginx = program("nginx", also=["/usr/sbin/nginx"])
    log = folder / "nginx.log"
    trusted = ssl.create_default_context(cafile=files.trusted)
    with running([nginx, "-c", folder / "nginx.conf", "-p", folder], log, port=port):
        try:
            urllib.request.urlopen(f"https://localhost:{port}/", context=trusted, timeout=30)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code, (folder / "error.log").read_text()
    raise AssertionError("it answered")


@pytest.mark.parametrize(
    ("behaviour", "status", "words"),
    [
        (None, 502, "connect() failed (111"),
        (closes, 502, "prematurely closed connection"),
        (hangs, 504, "upstream timed out (110"),
    ],
    ids=["nobody listens", "it is killed", "it hangs"],
)
def test_nginx_tells_apart_why_there_is_no_answer(
    behaviour: Behaviour | None, status: int, words: str, tmp_path: Path
) -> None:
    with upstream(behaviour) as port:
        told, log = answer(tmp_path, port)

    assert (told, words in log) == (status, True), log
    assert words in RUNBOOK
