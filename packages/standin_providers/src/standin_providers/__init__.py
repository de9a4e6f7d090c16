"""Stand-in providers: azurerm, azuread, helm, kubernetes and random without Azure or a cluster.

`in_process` serves them to terraform, and `mirror` to the cdktf CLI and any other caller, while
their context lasts; both yield the environment variables that terraform then needs. `cloud` is the
folder that plays Azure, one JSON file per resource.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from terraform_runner.provider_requirements import provider_requirements

from standin_providers.mirroring import mirror
from standin_providers.provider_schemas import ProviderSchemas
from standin_providers.reattach import in_process

__all__ = ["in_process", "mirror", "versions"]


def versions(stacks: Sequence[Path]) -> Mapping[str, str]:
    """Return the version that each provider of the stacks (`cdk.tf.json`) is stood in for.

    Raises:
        MissingBindingError: a stack uses a provider that no installed binding describes.
    """
    return {name: ProviderSchemas(name).version for name in provider_requirements(stacks)}
