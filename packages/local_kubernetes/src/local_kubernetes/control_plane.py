"""Starts etcd and kube-apiserver on free loopback ports."""

import secrets
import socket
import ssl
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local_kubernetes.programs import Programs
from local_kubernetes.server import ApiServer, wait_until

ADMINISTRATOR = "administrator"
START_SECONDS = 60
STOP_SECONDS = 20


@contextmanager
def api_server(programs: Programs) -> Iterator[ApiServer]:
    """Run a control plane of its own until the block ends; nothing of it is left behind.

    Raises:
        RuntimeError: a program ended; the message has its last lines.
        TimeoutError: the server did not answer in a minute.
    """
    with tempfile.TemporaryDirectory(prefix="kubernetes-") as scratch:
        folder = Path(scratch)
        etcd_port, peer_port, port = _free_ports(3)
        token = _credentials(folder)
        with (
            _running(_etcd(programs, folder, etcd_port, peer_port), folder / "etcd.log") as etcd,
            # it ends before its database: without that it does not stop at all
            _running(_apiserver(programs, folder, etcd_port, port), folder / "api.log") as server,
        ):
            url, authority = f"https://127.0.0.1:{port}", folder / "certificates" / "apiserver.crt"

            def ready() -> bool:
                for process, log in ((etcd, "etcd.log"), (server, "api.log")):
                    if process.poll() is not None:
                        raise RuntimeError(f"{log}:\n{(folder / log).read_text()[-2000:]}")
                return authority.is_file() and _answers(f"{url}/readyz", authority, token)

            wait_until(ready, f"the API server at {url}", START_SECONDS)
            yield ApiServer(url, authority, token)


def _credentials(folder: Path) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    (folder / "accounts.key").write_bytes(pem)
    token = secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f'{token},{ADMINISTRATOR},1,"system:masters"\n')
    return token


def _etcd(programs: Programs, folder: Path, port: int, peer_port: int) -> list[str]:
    url, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        str(programs.etcd),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
    ]


def _apiserver(programs: Programs, folder: Path, etcd_port: int, port: int) -> list[str]:
    return [
        str(programs.kube_apiserver),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--allow-privileged",  # as in every managed cluster: namespaces decide
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        f"--service-account-key-file={folder / 'accounts.key'}",
        "--service-cluster-ip-range=10.0.0.0/16",
    ]


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str, authority: Path, token: str) -> bool:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        context = ssl.create_default_context(cafile=authority)
        with urllib.request.urlopen(request, timeout=2, context=context) as answer:
            return int(answer.status) == 200
    except (OSError, ssl.SSLError):
        return False


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
