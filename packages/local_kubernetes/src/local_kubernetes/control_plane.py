"""Starts etcd and kube-apiserver on free loopback ports."""

import secrets
import socket
import ssl
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local_kubernetes.programs import Programs
from local_kubernetes.server import ApiServer, wait_until

ADMINISTRATOR = "administrator"
# who signs in, and the groups; the roles of the others come with Kubernetes ("Using RBAC
# Authorization", default roles)
USERS = {
    ADMINISTRATOR: "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-proxy": "",
    "system:kube-scheduler": "",
    "system:node:node": "system:nodes",
}
START_SECONDS = 120
STOP_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an API server is told.

    Attributes:
        address: where it listens, and where pods find it.
        issuer: of the tokens of service accounts.
        services: address range of Services.
        options: more of the program's own.
    """

    address: str = "127.0.0.1"
    issuer: str = "https://kubernetes.default.svc"
    services: str = "10.0.0.0/16"
    options: Sequence[str] = ("--authorization-mode=RBAC",)


_ALONE = Settings()


@contextmanager
def api_server(
    programs: Programs, settings: Settings = _ALONE, folder: Path | None = None
) -> Iterator[ApiServer]:
    """Run a control plane of its own until the block ends; nothing of it is left behind.

    Args:
        programs: those of the control plane.
        settings: what the API server is told.
        folder: where it keeps what it holds; by default one that is removed.

    Raises:
        RuntimeError: a program ended; the message has its last lines.
        TimeoutError: the server did not answer in two minutes.
    """
    with ExitStack() as opened:
        if folder is None:
            scratch = opened.enter_context(tempfile.TemporaryDirectory(prefix="kubernetes-"))
            folder = Path(scratch)
        etcd_port, peer_port, port = _free_ports(3)
        tokens = _credentials(folder)
        database = _etcd(programs, folder, etcd_port, peer_port)
        etcd = opened.enter_context(running(database, folder / "etcd.log"))
        # it ends before its database: without that it does not stop at all
        command = _apiserver(programs, settings, folder, etcd_port, port)
        server = opened.enter_context(running(command, folder / "api.log"))
        url = f"https://{settings.address}:{port}"
        authority = folder / "certificates" / "apiserver.crt"

        def ready() -> bool:
            for process, log in ((etcd, "etcd.log"), (server, "api.log")):
                if process.poll() is not None:
                    raise RuntimeError(f"{log}:\n{(folder / log).read_text()[-2000:]}")
            if not authority.is_file():
                return False
            return _answers(f"{url}/readyz", authority, tokens[ADMINISTRATOR])

        wait_until(ready, f"the API server at {url}", START_SECONDS)
        yield ApiServer.at(url, authority, tokens)


def _credentials(folder: Path) -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    (folder / "accounts.key").write_bytes(pem)
    tokens = {user: secrets.token_hex(16) for user in USERS}
    lines = [f'{tokens[user]},{user},{user},"{groups}"' for user, groups in USERS.items()]
    (folder / "tokens.csv").write_text("\n".join([*lines, ""]))
    return tokens


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


def _apiserver(
    programs: Programs, settings: Settings, folder: Path, etcd_port: int, port: int
) -> list[str]:
    return [
        str(programs.kube_apiserver),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--bind-address={settings.address}",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--allow-privileged",  # as in every managed cluster: namespaces decide
        f"--service-account-issuer={settings.issuer}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        f"--service-account-key-file={folder / 'accounts.key'}",
        f"--service-cluster-ip-range={settings.services}",
        *settings.options,
    ]


@contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program while the block runs, with its output in a file."""
    with log.open("wb") as output:
        # a session of its own: Ctrl-C ends it when its turn comes, and not its database before it
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
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
