"""The real azurerm and azuread on the loopback Azure; stand-ins for the rest."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import standin_providers as standin
from terraform_runner.errors import BadInputError
from terraform_runner.plugins import Plugins
from terraform_runner.requirements import needs_of

from loopback_azure.cloud import LoopbackAzure, loopback_azure

ANSWERED = frozenset({"azurerm", "azuread"})
"""The providers whose calls the loopback Azure answers."""

_NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(kw_only=True)
class LoopbackProviders:
    """Real providers that plan and apply, with an Azure that is on this machine only."""

    plugins: Plugins
    cloud: Path
    mirror: Path
    validate_only: bool = False
    _azure: LoopbackAzure | None = field(default=None, init=False)

    def verified(self, stacks: Sequence[Path]) -> str:
        """See providers.Providers."""
        used = needs_of(stacks)
        real = sorted(ANSWERED & {*used})
        told = ", ".join(f"{name} {' and '.join(sorted(used[name].versions))}" for name in real)
        rest = ", ".join(sorted({*used} - ANSWERED))
        return (
            f"Verified: schema, rules and graph by these providers themselves: {told}; by "
            f"stand-ins of these: {rest or 'none'}; Azure's answers are the loopback's."
        )

    def versions(self, stacks: Sequence[Path]) -> Mapping[str, str]:
        """See providers.Providers: Terraform itself looks for the versions that are required."""
        return {}

    @contextmanager
    def attach(self, stacks: Sequence[Path]) -> Iterator[Mapping[str, str]]:
        """See providers.Providers.

        Raises:
            BadInputError: the programs of a provider that the stacks use are not there.
        """
        used = needs_of(stacks)
        if missing := sorted((ANSWERED & {*used}) - self.plugins.names):
            raise BadInputError(
                f"--loopback: the folder of --providers holds no {' and no '.join(missing)}",
                fix="add it, or rehearse without --loopback",
            )
        answered = Plugins(tuple(p for p in self.plugins.found if p.name in ANSWERED))
        others = standin.mirror(stacks, self.cloud, self.mirror, without=ANSWERED)
        with others as variables, loopback_azure(self.cloud / ".azure", _tenant(stacks)) as azure:
            answered.lay(self.mirror, used)
            self._azure = azure
            yield {**variables, **azure.environment}

    def remaining(self) -> Sequence[str]:
        """See providers.Providers."""
        played = sorted(f"{f.parent.name}/{f.stem}" for f in self.cloud.glob("[!.]*/*.json"))
        return [*(self._azure.remaining() if self._azure else ()), *played]


def _tenant(stacks: Sequence[Path]) -> str:
    """Return the tenant that the stacks sign in to."""
    for stack in stacks:
        for provider in json.loads(stack.read_text()).get("provider", {}).get("azurerm", ()):
            if tenant := provider.get("tenant_id"):
                return str(tenant)
    return _NOBODY
