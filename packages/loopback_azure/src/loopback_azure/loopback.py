"""The loopback Azure as a whole: started, found through the environment, stopped."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from azure_facts.hosts import VAULT_SUFFIX

from loopback_azure import entra, graph, manager, vaults
from loopback_azure.certificates import CertificateFiles
from loopback_azure.http_messages import Reply, Request, unknown
from loopback_azure.proxy import connect_proxy
from loopback_azure.recording import FILE, Recording
from loopback_azure.server import Service, serving
from loopback_azure.storage import SUFFIXES, Storage
from loopback_azure.store import Store
from loopback_azure.subscription_offers import Offers

_NAMES = (
    "127.0.0.1",
    "localhost",
    graph.HOST,
    entra.HOST,
    manager.HOST,
    *(f"*{suffix}" for suffix in (*SUFFIXES, VAULT_SUFFIX)),
)
# what Azure keeps or makes by itself: watchers of networks, deleted vaults, plans of Defender
_OF_AZURE = (
    "/networkwatcherrg",
    "/deletedvaults/",
    "/microsoft.security/pricings/",
    ".vault.azure.net/",
)


@dataclass(frozen=True, kw_only=True)
class LoopbackAzure:
    """A running loopback Azure."""

    port: int
    authority: Path
    """The certificate to trust, in PEM."""
    environment: Mapping[str, str]
    """Variables by which providers find it under Azure's own names."""
    store: Store = field(repr=False)

    def remaining(self) -> list[str]:
        """Name what exists and was made by somebody else than Azure itself."""
        found = [one["id"] for one in self.store.under("")]
        return [name for name in found if not any(mark in name.lower() for mark in _OF_AZURE)]


@contextmanager
def loopback_azure(
    folder: Path,
    tenant: str,
    *,
    late_roles: float = 0,
    busy_servers: float = 0,
    offers: Offers | None = None,
) -> Iterator[LoopbackAzure]:
    """Run a loopback Azure while the block runs.

    Args:
        folder: where it writes what it holds when it ends (azure.json), and reads it when it starts
            again; each write that Resource Manager is asked for is a line of requests.jsonl there.
        tenant: the GUID of the tenant that its identities belong to.
        late_roles: seconds until a role on a vault counts, as in Azure; 0: vaults ask for no role.
        busy_servers: seconds that a database server refuses the next change below it; 0: none.
        offers: what the subscription lacks; by default nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = folder / "azure.json"
    store = Store()
    store.load(held)
    authority = CertificateFiles.make(folder, _NAMES)
    services: dict[str, Service] = {
        entra.HOST: entra.entra,
        manager.HOST: manager.Manager(
            store, tenant, Recording(folder / FILE), offers, busy_servers
        ),
        graph.HOST: graph.Graph(store, tenant, offers),
        VAULT_SUFFIX: vaults.Vaults(store, tenant, late_roles),
        **{suffix: Storage(store) for suffix in SUFFIXES},
    }

    def service(request: Request) -> Reply:
        host = request.host
        found = services.get(host) or services.get(host[host.find(".") :])
        if found is None:
            raise unknown(request)
        return found(request)

    with ExitStack() as running:
        running.callback(store.save, held)
        port = running.enter_context(serving(service, authority.certificate, authority.key))
        hosts = {f"{name.removeprefix('*')}:443": port for name in _NAMES}
        proxy = running.enter_context(connect_proxy(hosts))
        environment = {
            "ARM_TENANT_ID": tenant,
            "ARM_CLIENT_ID": entra.CLIENT,
            "ARM_CLIENT_SECRET": "loopback",
            "ARM_USE_CLI": "false",
            # most of a real provider's time goes into waiting, ten seconds at a time
            "TF_CLI_ARGS_apply": "-parallelism=64",
            "HTTPS_PROXY": proxy,
            "HTTP_PROXY": proxy,
            "SSL_CERT_FILE": str(authority.trusted),
            "REQUESTS_CA_BUNDLE": str(authority.trusted),
        }
        yield LoopbackAzure(
            port=port, authority=authority.trusted, environment=environment, store=store
        )
