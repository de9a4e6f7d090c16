"""Synthesizes environment files into Terraform JSON: `python main.py [FILE...]`.

Without FILE, every file in environments/ is taken. The JSON goes to cdktf.out, or where the cdktf
CLI wants it. Exit status: 0 written, 1 Node is missing or the folder cannot be written, 2 an
environment file was refused; with 1 and 2 the previous output stays as it was.
"""

import atexit
import gc
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from constructs_lib.lazy_providers import NodeMissingError, Preload

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


def synthesize(arguments: Sequence[str]) -> int:
    """Read all environment files, then write all stacks; return the exit status."""
    with Preload():  # Node starts, and is given the packages, while Python imports and reads
        from environments.load import EnvironmentFileError, environment_files, load

        try:
            environments = load([Path(name) for name in arguments] or environment_files())
        except EnvironmentFileError as error:
            print(error, file=sys.stderr)
            return 2
        outdir = Path(os.environ.get("CDKTF_OUTDIR", "cdktf.out"))
        try:
            outdir.mkdir(parents=True, exist_ok=True)
            scratch = tempfile.TemporaryDirectory(prefix=".synth-", dir=outdir)
        except OSError as error:
            print(
                f"{outdir}: cannot be written: {error.strerror}\n"
                "    allowed: a folder that you may write to\n"
                "    fix: mend its mode, remove what stands there, or name another in CDKTF_OUTDIR",
                file=sys.stderr,
            )
            return 1
        with scratch as new:
            build(Path(new), environments)
            replace_output(Path(new), outdir)
    return 0


def main() -> NoReturn:
    """Synthesize, and end the process without taking apart what it made.

    A synth uses what it allocates to the end: collecting garbage, and clearing tens of thousands
    of classes at exit, would take a fifth of its time (docs/decisions/0003).
    """
    gc.disable()
    try:
        status = synthesize(sys.argv[1:])
    except NodeMissingError as error:
        print(error, file=sys.stderr)
        status = 1
    atexit._run_exitfuncs()  # ends Node
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
