"""Starts etcd and kube-apiserver on free loopback ports, and asks the server about objects."""

import json
import secrets
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import (
    DynamicApiError,
    ResourceNotFoundError,
)

from local_kubernetes.programs import Programs

Object = Mapping[str, Any]
ADMINISTRATOR = "administrator"
START_SECONDS = 60
STOP_SECONDS = 20


@dataclass(frozen=True)
class Refused:
    """What the API server answers to an object that it does not take."""

    object: str
    """Kind and name of the object, `Deployment airflow/scheduler`."""
    message: str

    def __str__(self) -> str:
        return f"{self.object}: {self.message}"


class ApiServer:
    """A running API server, asked as its administrator or as a service account."""

    def __init__(self, url: str, ca_certificate: Path, token: str) -> None:
        self.url = url
        self.ca_certificate = ca_certificate
        self.token = token
        configuration = client.Configuration(host=url)
        configuration.ssl_ca_cert = str(ca_certificate)
        configuration.api_key = {"authorization": f"Bearer {token}"}
        configuration.retries = urllib3.Retry(3, backoff_factor=0.2)
        self._api = client.ApiClient(configuration)
        self._dynamic = DynamicClient(self._api)  # type: ignore[no-untyped-call]  # the library's own gap

    @property
    def version(self) -> str:
        """The server's own version, `v1.36.3`."""
        found: str = client.VersionApi(self._api).get_code().git_version
        return found

    def apply(self, obj: Object, *, dry_run: bool = False) -> Refused | None:
        """Create or change an object as `kubectl apply --server-side` does.

        Args:
            obj: the object as in a manifest, with its namespace.
            dry_run: ask for the answer only, and leave the cluster as it is.

        Returns:
            Why the server refused it; None if it did not.
        """
        return self._send("patch", obj, dry_run=dry_run)

    def would_create(self, obj: Object, *, as_account: str = "") -> Refused | None:
        """Say why the server would refuse a new object, and leave the cluster as it is.

        Args:
            obj: the object as in a manifest, with its namespace.
            as_account: the service account that creates it, `namespace/name`; the administrator
                where none is given.
        """
        return self._send("post", obj, as_account=as_account, dry_run=True)

    def can(
        self, account: str, verb: str, resource: str, *, namespace: str = "", group: str = ""
    ) -> bool:
        """Ask whether a service account may do something (a SubjectAccessReview).

        Args:
            account: the service account, `namespace/name`.
            verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, ...
            resource: `pods`, or with its subresource `pods/exec`.
            namespace: where; empty asks about the whole cluster.
            group: API group of the resource; empty is the core group.
        """
        place, name = account.split("/")
        kind, _, subresource = resource.partition("/")
        attributes = client.V1ResourceAttributes(
            verb=verb, resource=kind, subresource=subresource, namespace=namespace, group=group
        )
        spec = client.V1SubjectAccessReviewSpec(
            user=f"system:serviceaccount:{place}:{name}",
            groups=[
                "system:serviceaccounts",
                f"system:serviceaccounts:{place}",
                "system:authenticated",
            ],
            resource_attributes=attributes,
        )
        review = client.V1SubjectAccessReview(spec=spec)
        answer = client.AuthorizationV1Api(self._api).create_subject_access_review(review)
        return answer.status is not None and answer.status.allowed

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> dict[str, Any]:
        """Return an object as the server keeps it, its defaults filled in."""
        resource = self._dynamic.resources.get(api_version=api_version, kind=kind)
        found: dict[str, Any] = resource.get(name=name, namespace=namespace or None).to_dict()
        return found

    def wait_for_kind(self, api_version: str, kind: str) -> None:
        """Wait until the server serves a custom kind: a moment after its definition.

        Raises:
            TimeoutError: it does not after 20 seconds.
        """

        def served() -> bool:
            try:
                self._dynamic.resources.get(api_version=api_version, kind=kind)
            except ResourceNotFoundError:
                self._dynamic.resources.invalidate_cache()
                return False
            return True

        _wait(served, f"{kind} of {api_version}", 20)

    def _send(
        self, method: str, obj: Object, *, dry_run: bool, as_account: str = ""
    ) -> Refused | None:
        metadata = obj.get("metadata", {})
        where = "/".join(filter(None, (metadata.get("namespace"), metadata.get("name"))))
        label = f"{obj.get('kind')} {where}"
        # Strict: a misspelt field is refused, where a cluster only warns its user
        query = [("fieldValidation", "Strict"), *([("dryRun", "All")] if dry_run else [])]
        headers = {}
        if as_account:
            place, name = as_account.split("/")
            headers["Impersonate-User"] = f"system:serviceaccount:{place}:{name}"
        try:
            resource = self._dynamic.resources.get(
                api_version=obj.get("apiVersion"), kind=obj.get("kind")
            )
            if resource.namespaced and not metadata.get("namespace"):
                return Refused(label, "no namespace is given")
            path = resource.path(namespace=metadata.get("namespace"))
            if method == "patch":
                path = f"{path}/{metadata['name']}"
                query += [("fieldManager", "local-kubernetes"), ("force", "true")]
            self._dynamic.request(
                method,
                path,
                body=json.dumps(obj) if method == "patch" else dict(obj),
                content_type="application/apply-patch+yaml" if method == "patch" else None,
                query_params=query,
                header_params=headers,
            )
        except ResourceNotFoundError as error:
            return Refused(label, str(error))
        except (ApiException, DynamicApiError) as error:
            return Refused(label, _message(error))
        return None


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

            _wait(ready, f"the API server at {url}", START_SECONDS)
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


def _wait(ready: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} is not ready after {seconds:.0f} s")
        time.sleep(0.1)


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


def _message(error: Exception) -> str:
    body = getattr(error, "body", None) or str(error)
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return str(body)
