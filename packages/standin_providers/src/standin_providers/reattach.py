"""Stand-in providers inside this process: Terraform gets the address at which they listen."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from terraform_runner.provider_requirements import provider_requirements

from standin_providers.cloud_folder import CloudFolder
from standin_providers.provider_schemas import ProviderSchemas
from standin_providers.server import serving
from standin_providers.standin_provider import StandInProvider


@contextmanager
def in_process(stacks: Sequence[Path], cloud: Path) -> Iterator[Mapping[str, str]]:
    """Serve the providers that the synthesized stacks use inside this process.

    Runs of Terraform at the same time should be of the same subscription: they share the
    providers.

    Args:
        stacks: paths of `cdk.tf.json`; the union of what they use is served.
        cloud: the folder that plays Azure; it is made when the first resource is.

    Yields:
        Environment variables for terraform, to add to those of the process.

    Raises:
        MissingBindingError: a stack uses a provider that no installed binding describes.
    """
    with ExitStack() as servers:
        attached: dict[str, Mapping[str, object]] = {}
        for name, needs in provider_requirements(stacks).items():
            provider = StandInProvider(name, needs, CloudFolder(cloud), ProviderSchemas(name))
            socket = servers.enter_context(serving(provider))
            attached |= dict.fromkeys(needs.addresses, _reattach(socket))
        yield {"TF_REATTACH_PROVIDERS": json.dumps(attached)}


def _reattach(socket: Path) -> Mapping[str, object]:
    return {
        "Protocol": "grpc",
        "ProtocolVersion": 6,
        "Pid": os.getpid(),
        "Test": True,  # Terraform leaves the process running
        "Addr": {"Network": "unix", "String": str(socket)},
    }
