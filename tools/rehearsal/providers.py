"""The seam to Terraform's providers: the rehearsal does not know what answers behind it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import standin_providers as standin
from loopback_azure.providers import LoopbackProviders
from terraform_runner.plugins import Plugins

from tools.rehearsal.real_providers import RealProviders

PLAYED = "Verified: schema, rules and graph; not Azure's own answer."


class Attachment(StrEnum):
    """How Terraform gets at its providers."""

    REATTACH = "reattach"
    MIRROR = "mirror"


class Providers(Protocol):
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
        """See Providers."""
        return PLAYED

    def versions(self, stacks: Sequence[Path]) -> Mapping[str, str]:
        """See Providers."""
        return standin.versions(stacks)

    @contextmanager
    def attach(self, stacks: Sequence[Path]) -> Iterator[Mapping[str, str]]:
        """See Providers."""
        for folder in (self.cloud, self.mirror):
            folder.mkdir(parents=True, exist_ok=True)
        if self.attachment is Attachment.MIRROR:
            providers = standin.mirror(stacks, self.cloud, self.mirror)
        else:
            providers = standin.in_process(stacks, self.cloud)
        with providers as variables:
            yield variables

    def remaining(self) -> Sequence[str]:
        """See Providers; folders with a leading dot hold what is not a resource."""
        found = self.cloud.glob("*/*.json")
        return sorted(f"{f.parent.name}/{f.stem}" for f in found if f.parent.name[0] != ".")


def providers_in(
    folder: Path, attachment: Attachment, plugins: Path | None, *, loopback: bool = False
) -> Providers:
    """Return the providers of a rehearsal that works in `folder`.

    Raises:
        BadInputError: the folder `plugins` holds no provider.
    """
    cloud, mirror = folder / "cloud", folder / "mirror"
    if plugins and loopback:
        return LoopbackProviders(plugins=Plugins.find(plugins), cloud=cloud, mirror=mirror)
    if plugins:
        return RealProviders(plugins=Plugins.find(plugins), cloud=cloud, mirror=mirror)
    return StandIns(attachment=attachment, cloud=cloud, mirror=mirror)
