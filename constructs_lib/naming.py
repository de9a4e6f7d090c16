"""Azure names, by the abbreviations of the Cloud Adoption Framework."""

from hashlib import sha256
from typing import Protocol


class Named(Protocol):
    """Whose resources are named: an environment, or the seed."""

    @property
    def workload(self) -> str:
        """The short name of the workload."""

    @property
    def name(self) -> str:
        """The short name of the environment."""

    @property
    def subscription_id(self) -> str:
        """The subscription that holds them."""


class Names:
    """Names of one environment's resources, or of the seed's.

    Lengths hold by construction: the model limits `workload` to 8 and `name` to 6 characters, so
    the longest globally unique name, of a storage account, has 22 of its 24
    (learn.microsoft.com: "Naming rules and restrictions for Azure resources").
    """

    def __init__(self, env: Named) -> None:
        self._stem = f"{env.workload}-{env.name}"
        self._compact = f"{env.workload}{env.name}"
        self._whole = f"{env.subscription_id}/{self._stem}"
        self._hash = _hash(self._whole)

    def of(self, abbreviation: str, role: str | None = None) -> str:
        """Return `<abbreviation>-<workload>-<environment>[-<role>]`, unique in a resource group."""
        return "-".join(filter(None, (abbreviation, self._stem, role)))

    def unique(self, abbreviation: str, *, of: str = "") -> str:
        """Return a name unique in all of Azure, of lower case letters and digits only.

        Fits storage accounts (3-24), Key Vaults (3-24) and container registries (5-50). `of` tells
        several of a kind apart; it has no room in the name, and changes the hash.
        """
        return f"{abbreviation}{self._compact}{_hash(f'{self._whole}/{of}') if of else self._hash}"

    def unique_dns(self, abbreviation: str) -> str:
        """Return a name unique in all of Azure that may hold hyphens, as for a database server."""
        return f"{self.of(abbreviation)}-{self._hash}"


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:6]
