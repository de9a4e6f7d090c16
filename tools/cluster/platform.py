"""A cluster, and beside it what Azure is for its pods, all for one deployment."""

import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet
from local_kubernetes.node import Cluster, Wishes, cluster
from local_kubernetes.programs import NODE, find
from local_kubernetes.room import ADDRESS
from loopback_azure.azurite import Azurite, azurite
from loopback_azure.certificates import CertificateFiles
from loopback_azure.http_messages import Request
from loopback_azure.server import serving

from conventions.vault_secrets import FERNET_KEY
from tools.cluster.custom_kinds import CUSTOM_KINDS
from tools.cluster.database import Database, database
from tools.cluster.deployment import Deployment
from tools.cluster.front import front
from tools.cluster.identities import HOST, TokenEndpoint, identities_of
from tools.cluster.images import AIRFLOW, EXPORTER
from tools.cluster.releases import Releases
from tools.cluster.vault import AUDIENCE, SUFFIX, GuardedVaults
from tools.cluster.webhook import Webhook, configuration

BLOBS = ".blob.core.windows.net"
NAMES = (HOST, f"*{BLOBS}", f"*{SUFFIX}", "*.postgres.database.azure.com", "localhost")
RENEW_SECONDS = 10.0  # the driver's own is 120
NAMESPACES = ["airflow", "airflow-migrations"]


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Everything that runs."""

    deployment: Deployment
    cluster: Cluster
    endpoint: TokenEndpoint
    database: Database
    vaults: GuardedVaults
    storage: Azurite
    releases: Releases
    webhook: Webhook
    authority: Path
    account: str

    @property
    def blobs(self) -> str:
        """The address of the storage account."""
        return f"https://{self.account}{BLOBS}"

    def put_secret(self, name: str, value: str) -> None:
        """Write a secret into Airflow's vault."""
        self.vaults.put(_airflow_vault(self.deployment), name, value)


def luggage(folder: Path) -> CertificateFiles:
    """Make an authority for the names of Azure."""
    return CertificateFiles.make(folder, NAMES)


@contextmanager
def platform(
    room: Path, packed: Path, deployment: Deployment, project: Path, minor: str
) -> Iterator[Platform]:
    """Run it all in this room until the block ends; no release is installed yet.

    Args:
        room: the working folder.
        packed: the folder with the certificates and the images.
        deployment: what Terraform made.
        project: the checkout.
        minor: of Kubernetes.
    """
    kubernetes = deployment.one("azurerm_kubernetes_cluster")
    network = kubernetes["network_profile"][0]
    tenant = deployment.of_type("azurerm_key_vault")[0]["tenant_id"]
    certificate, key = packed / "certificate.pem", packed / "key.pem"
    outside = [name.lstrip("*").lstrip(".") for name in NAMES if name != "localhost"]
    wishes = Wishes(
        issuer=kubernetes["oidc_issuer_url"],
        services=network["service_cidr"],
        pods=network["pod_cidr"],
        outside=outside,
    )
    with ExitStack() as parts:
        started = parts.enter_context(cluster(find(minor), find(minor, NODE), room, wishes))
        started.add_image(packed / "exporter.tar")
        started.add_image(packed / "airflow.tar", _image(deployment))
        endpoint = TokenEndpoint(identities_of(deployment), started.accounts_key.read_bytes())
        server = parts.enter_context(database(deployment, ADDRESS, certificate, key))
        endpoint.issued = server.take
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

        webhook = Webhook(started.server.client, tenant, read)
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
            for name, service in (("entra", endpoint), ("vaults", vaults), ("webhook", webhook))
        }
        targets = {
            HOST: f"https://127.0.0.1:{ports['entra']}",
            f"*{SUFFIX}": f"https://127.0.0.1:{ports['vaults']}",
            f"*{BLOBS}": f"https://127.0.0.1:{storage.port}",
        }
        parts.enter_context(front(room / "front", ADDRESS, certificate, key, targets))
        for kind in CUSTOM_KINDS:
            started.server.apply(kind.definition())
            started.server.wait_for_kind(kind.api_version, kind.kind)
        url = f"https://localhost:{ports['webhook']}/"
        authority = (packed / "authority.pem").read_bytes()
        refused = started.server.apply(configuration(url, authority, NAMESPACES))
        assert refused is None, refused
        parts.enter_context(_renewed(webhook))
        yield Platform(
            deployment=deployment,
            cluster=started,
            endpoint=endpoint,
            database=server,
            vaults=vaults,
            storage=storage,
            releases=Releases(deployment, project, started.kubeconfig),
            webhook=webhook,
            authority=packed / "authority.pem",
            account=account,
        )


@contextmanager
def _renewed(webhook: Webhook) -> Iterator[None]:
    over = threading.Event()

    def follow() -> None:
        while not over.wait(RENEW_SECONDS):
            try:
                webhook.renew()
            except Exception:  # an API server that is away comes back
                continue

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _secrets(deployment: Deployment) -> Mapping[str, str]:
    """Return values for the secrets of the deployment: states hold none."""
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
    text = str(_values(deployment))
    return next(name for name in accounts if f"{name}{BLOBS}" in text)


def _image(deployment: Deployment) -> str:
    import json

    values = json.loads(_values(deployment))
    return f"{values['defaultAirflowRepository']}:{values['defaultAirflowTag']}"


def _values(deployment: Deployment) -> str:
    releases = deployment.of_type("helm_release")
    return str(next(each for each in releases if each["name"] == "airflow")["values"][0])


__all__ = ["AIRFLOW", "EXPORTER", "Platform", "luggage", "platform"]
