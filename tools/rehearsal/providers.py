"""The seam to Terraform's providers: the rehearsal does not know what answers behind it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from tools.rehearsal import standin
from tools.rehearsal.errors import BadInputError
from tools.rehearsal.standin.wheel import MissingBindingError


class Attachment(StrEnum):
    """How Terraform gets at its providers."""

    REATTACH = "reattach"
    MIRROR = "mirror"


class Providers(Protocol):
    """Providers that Terraform can use while the context is open, and the cloud behind them."""

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
            try:
                variables = opened.enter_context(providers)
            except MissingBindingError as error:
                raise BadInputError(str(error)) from None
            yield variables

    def remaining(self) -> Sequence[str]:
        """See Providers; folders with a leading dot hold what is not a resource."""
        found = self.cloud.glob("*/*.json")
        return sorted(f"{f.parent.name}/{f.stem}" for f in found if f.parent.name[0] != ".")
