"""Azurite, Microsoft's emulator of Blob storage, with TLS and keys of its own."""

import base64
import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from terraform_runner.processes import service

from loopback_azure.certificates import CertificateFiles

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
        # imported here because it takes a second, which nobody else need wait
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient(
            f"https://127.0.0.1:{self.port}/{account}",
            credential={"account_name": account, "account_key": self.key},
            connection_verify=str(self.authority),
            retry_total=0,
        )

    def make_container(self, account: str, name: str) -> None:
        """Make a container that is not there yet."""
        with self.client(account) as client:
            container = client.get_container_client(name)
            if not container.exists():
                container.create_container()


@contextmanager
def azurite(
    folder: Path,
    accounts: Collection[str],
    environment: Mapping[str, str],
    program: Path,
    *,
    tokens: bool = False,
) -> Iterator[Azurite]:
    """Run Azurite with its data in `folder`.

    Args:
        folder: keeps the blobs; made if it is not there.
        accounts: names of its storage accounts.
        environment: environment variables to start from.
        program: the path of `azurite-blob`, as npm installs it.
        tokens: take Entra's tokens, too; Azurite looks at their form and audience alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority = CertificateFiles.make(folder, ("*.blob.core.windows.net", "127.0.0.1"))
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
    command += ["--oauth", "basic"] if tokens else []
    command += ["--key", authority.key, "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    with service(
        command, folder=folder, environment={**environment, **known}, ready=_LISTENING
    ) as match:
        yield Azurite(port=int(match["port"]), key=key, authority=authority.trusted)
