"""A certificate for names of Azure, by an authority that only one run trusts."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class CertificateFiles:
    """Files in PEM."""

    trusted: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path, names: Collection[str]) -> "CertificateFiles":
        """Write a new authority's files into the folder, with a certificate for the names."""
        import trustme  # takes a quarter of a second, which nobody else need wait

        made = cls(
            trusted=folder / "authority.pem",
            certificate=folder / "certificate.pem",
            key=folder / "key.pem",
        )
        authority = trustme.CA()
        issued = authority.issue_cert(*names)
        authority.cert_pem.write_to_path(str(made.trusted))
        made.certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(made.key))
        return made
