"""Where Terraform's providers come from: stand-ins, the real ones, the real ones on loopback."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import standin_providers as standin
from loopback_azure.loopback import LoopbackAzure, loopback_azure
from terraform_runner.errors import BadInputError
from terraform_runner.plugins import Plugins
from terraform_runner.provider_requirements import ProviderRequirements, provider_requirements

PLAYED = "Verified: schema, rules and graph; not Azure's own answer."
ON_LOOPBACK = frozenset({"azurerm", "azuread"})
"""The providers whose calls the loopback Azure answers."""
_NO_TENANT = "00000000-0000-0000-0000-000000000000"


class Attachment(StrEnum):
    """How Terraform gets at its providers."""

    REATTACH = "reattach"
    MIRROR = "mirror"


class ProviderSource(Protocol):
    """Providers that Terraform can use while the context is open, and the cloud behind them."""

    @property
    def validate_only(self) -> bool:
        """Whether they can tell if a configuration is valid, and nothing else."""

    def verified(self, stacks: Sequence[Path]) -> str:
        """Say what a good rehearsal of the stacks has verified, and what not."""

    def versions(self, stacks: Sequence[Path]) -> Mapping[str, str]:
        """Return by name the versions that answer whatever the stacks require."""

    def attach(self, stacks: Sequence[Path]) -> AbstractContextManager[Mapping[str, str]]:
        """Make ready what the `cdk.tf.json` files use; yields environment variables."""

    def remaining(self) -> Sequence[str]:
        """Name what exists in the cloud."""


@dataclass(frozen=True, kw_only=True)
class StandIns:
    """The providers that play Azure, Entra ID and Kubernetes in a folder."""

    attachment: Attachment
    cloud: Path
    mirror: Path
    validate_only: bool = False

    def verified(self, stacks: Sequence[Path]) -> str:
        """See ProviderSource."""
        return PLAYED

    def versions(self, stacks: Sequence[Path]) -> Mapping[str, str]:
        """See ProviderSource."""
        return standin.versions(stacks)

    @contextmanager
    def attach(self, stacks: Sequence[Path]) -> Iterator[Mapping[str, str]]:
        """See ProviderSource."""
        for folder in (self.cloud, self.mirror):
            folder.mkdir(parents=True, exist_ok=True)
        if self.attachment is Attachment.MIRROR:
            providers = standin.mirror(stacks, self.cloud, self.mirror)
        else:
            providers = standin.in_process(stacks, self.cloud)
        with providers as variables:
            yield variables

    def remaining(self) -> Sequence[str]:
        """See ProviderSource."""
        return _played(self.cloud)


@dataclass(frozen=True, kw_only=True)
class RealProviders:
    """The providers themselves where there is a program of theirs, stand-ins for the rest.

    Without an account they validate, by their own schemas and code, and do nothing else. Terraform
    itself looks for the versions that are required.
    """

    plugins: Plugins
    cloud: Path
    mirror: Path
    validate_only: bool = True

    def verified(self, stacks: Sequence[Path]) -> str:
        """See ProviderSource."""
        used = provider_requirements(stacks)
        real, rest = _told(used, self.plugins.names)
        return (
            f"Verified: valid for these providers themselves: {real}; for stand-ins of these: "
            f"{rest}; neither planned nor applied."
        )

    def versions(self, stacks: Sequence[Path]) -> Mapping[str, str]:
        """See ProviderSource."""
        return {}

    @contextmanager
    def attach(self, stacks: Sequence[Path]) -> Iterator[Mapping[str, str]]:
        """See ProviderSource."""
        others = standin.mirror(stacks, self.cloud, self.mirror, without=self.plugins.names)
        with others as variables:
            self.plugins.lay(self.mirror, provider_requirements(stacks))
            yield variables

    def remaining(self) -> Sequence[str]:
        """See ProviderSource."""
        return ()


@dataclass(kw_only=True)
class LoopbackProviders:
    """The real azurerm and azuread on an Azure on this machine, stand-ins for the rest."""

    plugins: Plugins
    cloud: Path
    mirror: Path
    late_roles: float = 0
    busy_servers: float = 0
    validate_only: bool = False
    _azure: LoopbackAzure | None = field(default=None, init=False)

    def verified(self, stacks: Sequence[Path]) -> str:
        """See ProviderSource."""
        real, rest = _told(provider_requirements(stacks), ON_LOOPBACK)
        return (
            f"Verified: schema, rules and graph by these providers themselves: {real}; by "
            f"stand-ins of these: {rest}; Azure's answers are the loopback's."
        )

    def versions(self, stacks: Sequence[Path]) -> Mapping[str, str]:
        """See ProviderSource."""
        return {}

    @contextmanager
    def attach(self, stacks: Sequence[Path]) -> Iterator[Mapping[str, str]]:
        """See ProviderSource.

        Raises:
            BadInputError: the programs of a provider that the stacks use are not there.
        """
        used = provider_requirements(stacks)
        if missing := sorted((ON_LOOPBACK & {*used}) - self.plugins.names):
            raise BadInputError(
                f"--loopback: the folder of --providers holds no {' and no '.join(missing)}",
                fix="add it, or rehearse without --loopback",
            )
        answered = Plugins(tuple(p for p in self.plugins.found if p.name in ON_LOOPBACK))
        others = standin.mirror(stacks, self.cloud, self.mirror, without=ON_LOOPBACK)
        loopback = loopback_azure(
            self.cloud / ".azure",
            _tenant(stacks),
            late_roles=self.late_roles,
            busy_servers=self.busy_servers,
        )
        with others as variables, loopback as azure:
            answered.lay(self.mirror, used)
            self._azure = azure
            yield {**variables, **azure.environment}

    def remaining(self) -> Sequence[str]:
        """See ProviderSource."""
        return [*(self._azure.remaining() if self._azure else ()), *_played(self.cloud)]


def provider_source(
    folder: Path,
    attachment: Attachment,
    plugins: Path | None,
    *,
    loopback: bool = False,
    late_roles: float = 0,
    busy_servers: float = 0,
) -> ProviderSource:
    """Return the providers of a rehearsal that works in `folder`.

    Raises:
        BadInputError: the folder `plugins` holds no provider.
    """
    cloud, mirror = folder / "cloud", folder / "mirror"
    if plugins and loopback:
        return LoopbackProviders(
            plugins=Plugins.find(plugins),
            cloud=cloud,
            mirror=mirror,
            late_roles=late_roles,
            busy_servers=busy_servers,
        )
    if plugins:
        return RealProviders(plugins=Plugins.find(plugins), cloud=cloud, mirror=mirror)
    return StandIns(attachment=attachment, cloud=cloud, mirror=mirror)


def _told(used: Mapping[str, ProviderRequirements], real: frozenset[str]) -> tuple[str, str]:
    """Name the real ones with their versions, and the rest."""
    named = (f"{n} {' and '.join(sorted(used[n].versions))}" for n in used if n in real)
    return ", ".join(named) or "none", ", ".join(n for n in used if n not in real) or "none"


def _played(cloud: Path) -> list[str]:
    """Name the resources of stand-ins; folders with a leading dot hold what is not a resource."""
    return sorted(f"{file.parent.name}/{file.stem}" for file in cloud.glob("[!.]*/*.json"))


def _tenant(stacks: Sequence[Path]) -> str:
    """Return the tenant that the stacks sign in to."""
    for stack in stacks:
        for provider in json.loads(stack.read_text()).get("provider", {}).get("azurerm", ()):
            if tenant := provider.get("tenant_id"):
                return str(tenant)
    return _NO_TENANT
