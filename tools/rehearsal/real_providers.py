"""The providers themselves, where somebody has put programs of theirs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import standin_providers as standin
from terraform_runner.plugins import Plugins
from terraform_runner.requirements import needs_of


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
        """See providers.Providers."""
        used = needs_of(stacks)
        real = [name for name in used if name in self.plugins.names]
        told = ", ".join(f"{name} {' and '.join(sorted(used[name].versions))}" for name in real)
        rest = ", ".join(name for name in used if name not in real)
        return (
            f"Verified: valid for these providers themselves: {told or 'none'}; for stand-ins of "
            f"these: {rest or 'none'}; neither planned nor applied."
        )

    def versions(self, stacks: Sequence[Path]) -> Mapping[str, str]:
        """See providers.Providers: Terraform itself looks for the versions that are required."""
        return {}

    @contextmanager
    def attach(self, stacks: Sequence[Path]) -> Iterator[Mapping[str, str]]:
        """See providers.Providers."""
        others = standin.mirror(stacks, self.cloud, self.mirror, without=self.plugins.names)
        with others as variables:
            self.plugins.lay(self.mirror, needs_of(stacks))
            yield variables

    def remaining(self) -> Sequence[str]:
        """See providers.Providers."""
        return ()
