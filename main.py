"""Synthesizes environment files into Terraform JSON: `python main.py [FILE...]`.

Without FILE, every file in environments/ is taken. The JSON goes to cdktf.out, or where the cdktf
CLI wants it. Exit status: 0 written, 2 an environment file was refused and nothing was written.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.lazy_providers import Preload

if TYPE_CHECKING:
    from environments.model import Environment


def build(outdir: Path, environments: "Sequence[Environment]") -> None:
    """Synthesize the stacks of every environment, each after the ones it reads from."""
    # imported here, when Node is loading what they belong to
    from cdktf import App

    from stacks.airflow import AirflowStack
    from stacks.data import DataStack
    from stacks.identity import IdentityStack
    from stacks.network import NetworkStack
    from stacks.platform import PlatformStack

    app = App(outdir=str(outdir), stack_traces=False)
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
    app.synth()


def replace_output(new: Path, outdir: Path) -> None:
    """Move a finished synthesis into place; what Terraform keeps beside the JSON stays."""
    written = {file.relative_to(new) for file in new.rglob("*") if file.is_file()}
    for file in sorted(written, key=lambda path: path.name == "manifest.json"):  # it goes last
        (outdir / file).parent.mkdir(parents=True, exist_ok=True)
        os.replace(new / file, outdir / file)
    for stale in outdir.glob("stacks/*/cdk.tf.json"):
        if stale.relative_to(outdir) not in written:
            stale.unlink()


def main(arguments: Sequence[str]) -> int:
    """Read all environment files, then write all stacks; return the exit status."""
    with Preload():  # Node starts, and is given the packages, while Python imports and reads
        from environments.load import EnvironmentFileError, environment_files, load

        try:
            environments = load([Path(name) for name in arguments] or environment_files())
        except EnvironmentFileError as error:
            print(error, file=sys.stderr)
            return 2
        outdir = Path(os.environ.get("CDKTF_OUTDIR", "cdktf.out"))
        outdir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".synth-", dir=outdir) as new:
            build(Path(new), environments)
            replace_output(Path(new), outdir)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
