"""Synthesizes environment files into Terraform JSON: `python main.py [FILE...]`.

Without FILE, every file in environments/ is taken, and seed.toml where there is one. The JSON goes
to cdktf.out, or where the cdktf CLI wants it. Exit status: 0 written, 1 Node is missing or the
folder cannot be written, 2 a file was refused, 130 Ctrl-C. The previous output stays until all is
made. Then it is replaced file by file, and is out of date until the last one.
"""

from synthesis.program import run

TYPE_CHECKING = False  # as in typing: until synthesis is imported, Ctrl-C would be a traceback
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cdktf import App

    from environments.model import Environment
    from environments.seed import Seed


def build(app: "App", environments: "Sequence[Environment]", seed: "Seed | None" = None) -> None:
    """Build the seed, and the stacks of every environment, each after those that it reads."""
    # imported here, when Node is loading what they belong to
    from stacks.airflow import AirflowStack
    from stacks.data import DataStack
    from stacks.identity import IdentityStack
    from stacks.network import NetworkStack
    from stacks.platform import PlatformStack

    if seed:
        from stacks.seed import SeedStack

        SeedStack(app, seed)
    for env in environments:
        network = NetworkStack(app, env)
        data = DataStack(app, env)
        data.add_dependency(network)
        identity = IdentityStack(app, env)
        identity.add_dependency(data)
        platform = PlatformStack(app, env)
        platform.add_dependency(identity)
        airflow = AirflowStack(app, env)
        airflow.add_dependency(platform)


if __name__ == "__main__":
    run(build)
