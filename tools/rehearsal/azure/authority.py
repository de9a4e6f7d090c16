"""A certificate for Azure's names, of an authority that nobody but the rehearsal trusts."""

from dataclasses import dataclass
from pathlib import Path

NAMES = (
    "127.0.0.1",
    "localhost",
    "graph.microsoft.com",
    "login.microsoftonline.com",
    "management.azure.com",
    "*.blob.core.windows.net",
    "*.dfs.core.windows.net",
    "*.file.core.windows.net",
    "*.queue.core.windows.net",
    "*.vault.azure.net",
)


@dataclass(frozen=True, kw_only=True)
class Authority:
    """Files in PEM."""

    trusted: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        """Write a new authority's files into the folder."""
        import trustme  # takes a quarter of a second, which a rehearsal without this need not wait

        made = cls(
            trusted=folder / "authority.pem",
            certificate=folder / "certificate.pem",
            key=folder / "key.pem",
        )
        authority = trustme.CA()
        issued = authority.issue_cert(*NAMES)
        authority.cert_pem.write_to_path(str(made.trusted))
        made.certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(made.key))
        return made
