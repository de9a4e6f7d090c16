"""Writes the stacks of a synth, and moves them to where the last synth wrote its own."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from synthesis.sources import RECORD

if TYPE_CHECKING:
    from cdktf import App

    from environments.model import Environment
    from environments.seed import Seed

Build = Callable[["App", "Sequence[Environment]", "Seed | None"], None]
# A synth that is killed halfway leaves the record of the one before it: the output is stale.
_LAST = ("manifest.json", RECORD)


def write(
    build: Build,
    environments: "Sequence[Environment]",
    folder: Path,
    seed: "Seed | None" = None,
) -> None:
    """Write what `build` constructs to `folder`, which need not exist.

    Raises:
        OSError: Node cannot write there.
    """
    from cdktf import App  # here, when Node is loading it

    app = App(outdir=str(folder), stack_traces=False)
    build(app, environments, seed)
    try:
        app.synth()
    except RuntimeError as error:  # of Node: "Error: ENOSPC: no space left on device, write"
        if refused := re.search(r"\bE[A-Z]{3,}: ([^,]+)", str(error)):
            raise OSError(refused[1]) from None
        raise


def replace(new: Path, outdir: Path) -> None:
    """Move a finished synthesis into place; what Terraform keeps beside the JSON stays."""
    written = {file.relative_to(new) for file in new.rglob("*") if file.is_file()}
    for file in sorted(written, key=lambda path: (path.name in _LAST, path)):
        (outdir / file).parent.mkdir(parents=True, exist_ok=True)
        os.replace(new / file, outdir / file)
    for stale in outdir.glob("stacks/*/cdk.tf.json"):
        if stale.relative_to(outdir) not in written:
            stale.unlink(missing_ok=True)  # another synth may be as far
