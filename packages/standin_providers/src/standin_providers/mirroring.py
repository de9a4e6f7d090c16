"""Stand-in providers as a filesystem mirror, for the cdktf CLI and any other caller."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import product
from pathlib import Path

from terraform_runner.provider_requirements import provider_requirements

from standin_providers.cloud_folder import CloudFolder
from standin_providers.plugin_programs import plugin_program
from standin_providers.provider_schemas import ProviderSchemas
from standin_providers.standin_provider import StandInProvider

_PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64")


@contextmanager
def mirror(
    stacks: Sequence[Path], cloud: Path, folder: Path, without: Collection[str] = ()
) -> Iterator[Mapping[str, str]]:
    """Lay a filesystem mirror and a Terraform CLI configuration into `folder`.

    The providers in it answer as long as the context lasts, and each run of Terraform has its own.

    Args:
        stacks: paths of `cdk.tf.json`; the union of what they use is served.
        cloud: the folder that plays Azure; it is made when the first resource is.
        folder: where the mirror goes; whoever made it removes it.
        without: names of providers that somebody else puts there.

    Yields:
        Environment variables for terraform and the cdktf CLI, to add to those of the process.

    Raises:
        MissingBindingError: a stack uses a provider that no installed binding describes.
    """
    with ExitStack() as programs:
        for name, needs in provider_requirements(stacks).items():
            if name in without:
                continue
            schemas = ProviderSchemas(name)
            new_provider = partial(StandInProvider, name, needs, CloudFolder(cloud), schemas)
            program = programs.enter_context(plugin_program(new_provider))
            # a change may come from another version, whose schema nobody has any more
            versions = {schemas.version, *needs.versions}
            for address, *release in product(needs.addresses, versions, _PLATFORMS):
                place = folder.resolve().joinpath(address, *release)
                _lay(place / f"terraform-provider-{name}", program)
        yield {"TF_CLI_CONFIG_FILE": str(_configuration(folder.resolve()))}


def _lay(path: Path, program: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(program)
    path.chmod(0o755)


def _configuration(folder: Path) -> Path:
    path = folder / "terraform.rc"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        f"  filesystem_mirror {{\n    path = {json.dumps(str(folder))}\n  }}\n"
        "}\n"
    )
    return path
