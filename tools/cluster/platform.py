"""Stand-ins for the Azure services of one deployment, beside the cluster of its pods."""

import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.fernet import Fernet
from local_kubernetes.repeat import repeated
from local_kubernetes.room import add_names
from local_kubernetes.server import wait_until
from loopback_azure.azurite import Azurite, azurite
from loopback_azure.certificates import CertificateFiles
from loopback_azure.http_messages import Request
from loopback_azure.server import serving

from conventions.vault_secrets import FERNET_KEY
from tools.cluster import beside
from tools.cluster.clusters import Cluster, ClusterError
from tools.cluster.custom_kinds import CUSTOM_KINDS
from tools.cluster.database import Database, database
from tools.cluster.deployment import Deployment
from tools.cluster.front import front
from tools.cluster.identities import HOST, TokenEndpoint, identities_of
from tools.cluster.releases import Releases, values_of
from tools.cluster.sign_in import SignIn
from tools.cluster.vault import AUDIENCE, SUFFIX, GuardedVaults
from tools.cluster.webhook import Webhook, configuration

BLOBS = ".blob.core.windows.net"
NAMES = (HOST, f"*{BLOBS}", f"*{SUFFIX}", "*.postgres.database.azure.com", beside.HOST)
PROBE_SECONDS = 60.0
RENEW_SECONDS = 10.0  # the driver's own is 120
NAMESPACES = ["airflow", "airflow-migrations"]


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The running stand-ins, and what a journey needs of the deployment and the cluster."""

    room: Path
    deployment: Deployment
    cluster: Cluster
    endpoint: TokenEndpoint
    sign_in: SignIn
    database: Database
    vaults: GuardedVaults
    storage: Azurite
    releases: Releases
    webhook: Webhook
    authority: Path
    account: str
    port: int
    """Of Azure's services, on this machine; in the cluster it is that of HTTPS."""

    @property
    def blobs(self) -> str:
        """The URL of Airflow's storage account, from this machine."""
        return f"https://{self.account}{BLOBS}:{self.port}"

    def let_out(self) -> None:
        """Allow the pods of the deployment's namespaces to connect to the stand-ins."""
        for namespace in NAMESPACES:
            policy = beside.way_out(self.cluster.server, namespace, self.cluster.address)
            refused = self.cluster.server.apply(policy)
            assert refused is None, refused

    def put_secret(self, name: str, value: str) -> None:
        """Write a secret into Airflow's vault."""
        self.vaults.put(_airflow_vault(self.deployment), name, value)


def luggage(folder: Path) -> CertificateFiles:
    """Make a certificate authority, and a certificate for Azure's host names, in a folder."""
    return CertificateFiles.make(folder, NAMES)


@contextmanager
def platform(
    room: Path,
    packed: Path,
    deployment: Deployment,
    project: Path,
    started: Cluster,
    images: Mapping[str, str],
) -> Iterator[Platform]:
    """Run Azure's side of a cluster until the block ends; no release is installed yet.

    Args:
        room: the working folder.
        packed: the folder with the certificates, by `luggage`.
        deployment: what Terraform made.
        project: the checkout.
        started: the cluster.
        images: the name in the cluster of each image of the deployment.

    Raises:
        ClusterError: the API server does not reach the stand-ins within a minute.
    """
    server, address = started.server, started.address
    tenant = deployment.of_type("azurerm_key_vault")[0]["tenant_id"]
    certificate, key = packed / "certificate.pem", packed / "key.pem"
    with ExitStack() as parts:
        endpoint = TokenEndpoint(identities_of(deployment), server.document("/openid/v1/jwks"))
        sign_in = SignIn.of(deployment, endpoint)
        https, postgres = free_ports(address)
        records = parts.enter_context(database(deployment, address, postgres, certificate, key))
        endpoint.issued = records.take
        vaults = GuardedVaults(deployment, endpoint, tenant)
        for name, value in _secrets(deployment).items():
            vaults.put(_airflow_vault(deployment), name, value)

        def read(client_id: str, assertion: str, vault: str, name: str) -> str:
            form = {
                "client_id": client_id,
                "client_assertion": assertion,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "scope": f"{AUDIENCE}/.default",
            }
            token = endpoint.token(tenant, form)["access_token"]
            request = Request(
                method="GET",
                host=f"{vault}{SUFFIX}",
                path=f"/secrets/{name}",
                headers={"authorization": f"Bearer {token}"},
            )
            answer = vaults(request).document
            assert isinstance(answer, dict)
            return str(answer["value"])

        for part in beside.service(address, https, postgres):
            refused = server.apply(part)
            assert refused is None, refused
        found = server.get("v1", "Service", beside.NAME, beside.NAMESPACE)
        names = beside.azure_names(deployment)
        hosts = {"ip": found["spec"]["clusterIP"], "hostnames": names}
        add_names(room, address, names)
        webhook = Webhook(server.client, tenant, read, dict(images), hosts)
        accounts = {each["name"]: each for each in deployment.of_type("azurerm_storage_account")}
        account = _airflow_account(deployment, accounts)
        program = project / "node_modules" / ".bin" / "azurite-blob"
        storage = parts.enter_context(
            azurite(room / "azurite", [account], os.environ, program, tokens=True)
        )
        for each in deployment.of_type("azurerm_storage_container"):
            storage.make_container(account, each["name"])
        ports = {
            name: parts.enter_context(serving(service, certificate, key))
            for name, service in (("entra", sign_in), ("vaults", vaults), ("webhook", webhook))
        }
        targets = {
            HOST: f"https://127.0.0.1:{ports['entra']}",
            f"*{SUFFIX}": f"https://127.0.0.1:{ports['vaults']}",
            f"*{BLOBS}": f"https://127.0.0.1:{storage.port}",
            beside.HOST: f"https://127.0.0.1:{ports['webhook']}",
        }
        parts.enter_context(front(room / "front", address, https, certificate, key, targets))
        for kind in CUSTOM_KINDS:
            server.apply(kind.definition())
            server.wait_for_kind(kind.api_version, kind.kind)
        authority = (packed / "authority.pem").read_bytes()
        refused = server.apply(configuration(authority, [*NAMESPACES, beside.NAMESPACE]))
        assert refused is None, refused
        _probe(started)
        parts.enter_context(repeated(partial(_renew, webhook), seconds=RENEW_SECONDS))
        yield Platform(
            room=room,
            deployment=deployment,
            cluster=started,
            endpoint=endpoint,
            sign_in=sign_in,
            database=records,
            vaults=vaults,
            storage=storage,
            releases=Releases(deployment, project, started.kubeconfig),
            webhook=webhook,
            authority=packed / "authority.pem",
            account=account,
            port=https,
        )


def _probe(started: Cluster) -> None:
    """Wait until the API server finds the webhook.

    Raises:
        ClusterError: it does not.
    """
    container = {"name": "probe", "image": "localhost/probe"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe", "namespace": beside.NAMESPACE},
        "spec": {"containers": [container]},
    }
    try:
        wait_until(lambda: started.server.would_create(pod) is None, "the webhook", PROBE_SECONDS)
    except TimeoutError:
        raise ClusterError(
            f"the cluster does not reach this machine at {started.address}: "
            f"{started.server.would_create(pod)}\n    fix: --address with the one that its nodes "
            "reach, and no firewall between them"
        ) from None


def free_ports(address: str) -> tuple[int, int]:
    """Return two TCP ports of an address that are free."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind((address, 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])


def _renew(webhook: Webhook) -> None:
    with suppress(Exception):  # an API server that is away comes back
        webhook.renew()


def _secrets(deployment: Deployment) -> Mapping[str, str]:
    """Return new values for the deployment's secrets: Terraform states hold none."""
    names = [each["name"] for each in deployment.of_type("azurerm_key_vault_secret")]
    values = {name: secrets.token_urlsafe(64) for name in names}
    for name in names:
        if name == FERNET_KEY.name:
            values[name] = Fernet.generate_key().decode()
    return values


def _airflow_vault(deployment: Deployment) -> str:
    [place] = {each["key_vault_id"] for each in deployment.of_type("azurerm_key_vault_secret")}
    return str(place).rsplit("/", 1)[1]


def _airflow_account(deployment: Deployment, accounts: Mapping[str, object]) -> str:
    text = str(values_of(deployment, "airflow"))
    return next(name for name in accounts if f"{name}{BLOBS}" in text)
