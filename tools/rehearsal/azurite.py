"""Azurite as the production state backend: Azure's names, TLS, keys, containers and locks."""

import base64
import re
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loopback_azure.authority import Authority
from loopback_azure.proxy import blob_proxy
from terraform_runner.errors import BadInputError
from terraform_runner.processes import service

from tools.rehearsal.links import StateLink
from tools.rehearsal.states import BackendStates

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

_NO_TELEMETRY = Path(__file__).with_name("no_telemetry.cjs")
_LISTENING = re.compile(r"listen\w* (?:at|on) https://127\.0\.0\.1:(?P<port>\d+)")


@dataclass(frozen=True, kw_only=True)
class Azurite:
    """A running Azurite."""

    port: int
    key: str
    authority: Path

    def client(self, account: str) -> "BlobServiceClient":
        """Return a client of one of its accounts."""
        # imported here because it takes a second, which a rehearsal without Azurite need not wait
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient(
            f"https://127.0.0.1:{self.port}/{account}",
            credential={"account_name": account, "account_key": self.key},
            connection_verify=str(self.authority),
            retry_total=0,
        )


@contextmanager
def azurite(
    folder: Path, accounts: Collection[str], environment: Mapping[str, str], binaries: Path
) -> Iterator[Azurite]:
    """Run Azurite with its data in `folder`.

    Args:
        folder: keeps the blobs; made if it is not there.
        accounts: names of its storage accounts.
        environment: environment variables to start from.
        binaries: the folder that npm installed `azurite-blob` into.

    Raises:
        BadInputError: Node.js or Azurite is not installed.
    """
    program = binaries / "azurite-blob"
    if not program.exists() or shutil.which("node", path=environment.get("PATH")) is None:
        raise BadInputError(
            f"--state azurite needs Node.js and {program}",
            fix="install Node.js 20 or later and run `make node_modules/.ready`, or rehearse with "
            "--state local",
        )
    folder.mkdir(parents=True, exist_ok=True)
    authority = Authority.make(folder, ("*.blob.core.windows.net", "127.0.0.1"))
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    known = {
        "AZURITE_ACCOUNTS": ";".join(f"{account}:{key}" for account in accounts),
        "NODE_OPTIONS": f'--require "{_NO_TELEMETRY}"',
    }
    command: list[str | Path] = [
        program,
        "--blobPort",
        "0",
        "--location",
        folder,
        "--cert",
        authority.certificate,
    ]
    command += ["--key", authority.key, "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    with service(
        command, folder=folder, environment={**environment, **known}, ready=_LISTENING
    ) as match:
        yield Azurite(port=int(match["port"]), key=key, authority=authority.trusted)


@contextmanager
def azurite_states(
    folder: Path, links: Collection[StateLink], environment: Mapping[str, str], binaries: Path
) -> Iterator[BackendStates]:
    """Serve the accounts and containers of the links; the stacks' backends stay as they are."""
    accounts = sorted({link.account for link in links if link.account})
    with ExitStack() as running:
        server = running.enter_context(azurite(folder, accounts, environment, binaries))
        for link in {(link.account, link.container) for link in links if link.account}:
            with server.client(link[0]) as client:
                _make_container(client, link[1])
        proxy = running.enter_context(blob_proxy(server.port))
        yield BackendStates(
            {
                "ARM_ACCESS_KEY": server.key,
                "SSL_CERT_FILE": str(server.authority),
                "HTTPS_PROXY": proxy,
                "HTTP_PROXY": proxy,
            }
        )


def _make_container(client: "BlobServiceClient", name: str) -> None:
    container = client.get_container_client(name)
    if not container.exists():  # it does in a rehearsal that is continued
        container.create_container()
