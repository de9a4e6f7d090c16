"""Synthesize with CDK Terrain into cdktn.out, and compare with cdktf.out: `make synth-cdktn`.

Exit statuses: 0 the stacks are the same but for what cdktf writes about itself; 1 they differ, or
cannot be synthesized; 2 CDK Terrain cannot be installed, or cdktf.out is not up to date.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from terraform_runner.differences import differences

from conventions import company
from conventions.faults import Fault, FaultError
from synthesis.reader import Synthesis
from tools.locked_venv import ROOT, InstallationError, locked_venv

LOCK = Path(__file__).with_name("requirements.lock")
EXPECTED = "//.metadata.version"
"""Where a stack names the program that wrote it; Terraform ignores what stands under `//`."""


def python() -> Path:
    """Return the interpreter that has CDK Terrain instead of cdktf, installing it on first use.

    Raises:
        FaultError: its packages cannot be installed.
    """
    try:
        # a synth imports some 60 of azurerm's 1,500 modules
        folder = locked_venv("cdktn", LOCK, sys.executable, compiled=False)
        return folder / "bin" / "python"
    except InstallationError as error:
        fault = Fault(
            place="CDK Terrain",
            problem=f"cannot be installed: {error}",
            allowed=f"the packages of {LOCK.relative_to(ROOT)}, from a package index",
            fix="check the network and the package index, then run make synth-cdktn again",
        )
        raise FaultError([fault]) from None


def synthesize(project: Path) -> int:
    """Synthesize a checkout's environments into its cdktn.out; return the exit status."""
    environment = {**os.environ, "CDKTF_OUTDIR": "cdktn.out"}
    command = [str(python()), "-O", "main.py"]
    return subprocess.run(command, cwd=project, env=environment, check=False).returncode


def unexpected(cdktf: Synthesis, cdktn: Synthesis) -> Iterator[str]:
    """Tell each place in which the stacks differ, but for the name of what wrote them."""
    before = {stack.name: stack.document for stack in cdktf.stacks}
    after = {stack.name: stack.document for stack in cdktn.stacks}
    for name in sorted(before.keys() | after.keys()):
        change = {"before": before.get(name, {}), "after": after.get(name, {})}
        for found in differences(change):
            if found.path != EXPECTED:
                yield f"{name}: {found.path} = {found.before!r}, with cdktn {found.after!r}"


def main() -> None:
    """Run from the command line."""
    try:
        cdktf = Synthesis.load(company.output(), ROOT)
        if synthesize(ROOT):
            sys.exit(1)  # it has said why
        told = list(unexpected(cdktf, Synthesis.load(ROOT / "cdktn.out")))
    except FaultError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print("\n".join(told) or f"{len(cdktf.stacks)} stacks are the same but for {EXPECTED}")
    sys.exit(bool(told))


if __name__ == "__main__":
    main()
