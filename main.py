"""Synthesizes every environment file into Terraform JSON: `python main.py [FILE...]`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from constructs_lib import lazy_providers

lazy_providers.install()
with lazy_providers.lazy_node():
    from cdktf import App

from environments.load import EnvironmentFileError, environment_files, load
from environments.model import Environment
from stacks.data import DataStack
from stacks.identity import IdentityStack
from stacks.network import NetworkStack
from stacks.platform import PlatformStack


def build(app: App, environments: Sequence[Environment]) -> None:
    """Add the stacks of every environment to `app`, each after the ones it reads from."""
    for env in environments:
        network = NetworkStack(app, env)
        data = DataStack(app, env)
        data.add_dependency(network)
        identity = IdentityStack(app, env)
        identity.add_dependency(data)
        platform = PlatformStack(app, env)
        platform.add_dependency(identity)


def main(arguments: Sequence[str]) -> int:
    """Read the environment files, all of them first, then write cdktf.out; return exit status."""
    files = [Path(argument) for argument in arguments] or environment_files()
    try:
        environments = load(files)
    except EnvironmentFileError as error:
        print(error, file=sys.stderr)
        return 2
    app = App()
    build(app, environments)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
