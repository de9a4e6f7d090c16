"""The seam to Terraform's providers: the rehearsal does not know what answers behind it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from tools.rehearsal import standin
from tools.rehearsal.errors import BadInputError
from tools.rehearsal.plugins import Plugins
from tools.rehearsal.standin.needs import needs_of
from tools.rehearsal.standin.wheel import MissingBindingError

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
        with _bindings_there():
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
        with ExitStack() as opened:
            with _bindings_there():
                variables = opened.enter_context(providers)
            yield variables

    def remaining(self) -> Sequence[str]:
        """See Providers; folders with a leading dot hold what is not a resource."""
        found = self.cloud.glob("*/*.json")
        return sorted(f"{f.parent.name}/{f.stem}" for f in found if f.parent.name[0] != ".")


@dataclass(frozen=True, kw_only=True)
class RealProviders:
    """The providers themselves where there is a program of theirs, stand-ins for the rest.

    Without an account they validate, by their own schemas and code, and do nothing else.
    """

    plugins: Plugins
    cloud: Path
    mirror: Path
    validate_only: bool = True

    def verified(self, stacks: Sequence[Path]) -> str:
        """See Providers."""
        used = needs_of(stacks)
        real = [name for name in used if name in self.plugins.names]
        told = ", ".join(f"{name} {' and '.join(sorted(used[name].versions))}" for name in real)
        rest = ", ".join(name for name in used if name not in real)
        return (
            f"Verified: valid for these providers themselves: {told or 'none'}; for stand-ins of "
            f"these: {rest or 'none'}; neither planned nor applied."
        )

    def versions(self, stacks: Sequence[Path]) -> Mapping[str, str]:
        """See Providers: Terraform itself looks for the versions that the stacks require."""
        return {}

    @contextmanager
    def attach(self, stacks: Sequence[Path]) -> Iterator[Mapping[str, str]]:
        """See Providers."""
        with ExitStack() as opened:
            with _bindings_there():
                variables = opened.enter_context(
                    standin.mirror(stacks, self.cloud, self.mirror, without=self.plugins.names)
                )
            self.plugins.lay(self.mirror, needs_of(stacks))
            yield variables

    def remaining(self) -> Sequence[str]:
        """See Providers."""
        return ()


def providers_in(folder: Path, attachment: Attachment, plugins: Path | None) -> Providers:
    """Return the providers of a rehearsal that works in `folder`.

    Raises:
        BadInputError: the folder `plugins` holds no provider.
    """
    cloud, mirror = folder / "cloud", folder / "mirror"
    if plugins:
        return RealProviders(plugins=Plugins.find(plugins), cloud=cloud, mirror=mirror)
    return StandIns(attachment=attachment, cloud=cloud, mirror=mirror)


@contextmanager
def _bindings_there() -> Iterator[None]:
    try:
        yield
    except MissingBindingError as error:
        raise BadInputError(str(error)) from None
