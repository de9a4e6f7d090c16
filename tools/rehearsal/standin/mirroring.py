"""Stand-in providers as a filesystem mirror, for the cdktf CLI and any other caller."""

import json
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.rehearsal.standin.needs import Needs, needs_of
from tools.rehearsal.standin.provider import version_of

_PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64")
_ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def mirror(stacks: Sequence[Path], cloud: Path, folder: Path) -> Iterator[Mapping[str, str]]:
    """Lay a filesystem mirror and a Terraform CLI configuration into `folder`.

    Args:
        stacks: paths of `cdk.tf.json`; the union of what they use is served.
        cloud: the folder that plays Azure; it is made when the first resource is.
        folder: where the mirror goes; whoever made it removes it.

    Yields:
        Environment variables for terraform and the cdktf CLI.

    Raises:
        MissingBindingError: a stack uses a provider that no installed binding describes.
    """
    folder = folder.resolve()
    for name, needs in needs_of(stacks).items():
        _lay(name, needs, cloud.resolve(), folder)
    configuration = folder / "terraform.rc"
    configuration.write_text(
        f"disable_checkpoint = true\n"
        f"provider_installation {{\n"
        f"  filesystem_mirror {{\n    path = {json.dumps(str(folder))}\n  }}\n}}\n"
    )
    yield {"TF_CLI_CONFIG_FILE": str(configuration)}


def _lay(name: str, needs: Needs, cloud: Path, folder: Path) -> None:
    version = version_of(name)
    settings = folder / f"{name}.json"
    types = {kind: sorted(types) for kind, types in needs.types.items()}
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(
        json.dumps(
            {
                "name": name,
                "source": needs.source,
                "version": needs.version,
                "types": types,
                "cloud": str(cloud),
            }
        )
    )
    start = shlex.join([sys.executable, "-m", "tools.rehearsal.standin.plugin", str(settings)])
    for platform in _PLATFORMS:
        program = folder / needs.source / version / platform / f"terraform-provider-{name}"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(
            f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(_ROOT))} exec {start}\n"
        )
        program.chmod(0o755)
