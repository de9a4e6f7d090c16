"""The real cdktf CLI over the synthesized stacks, as continuous integration runs it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from terraform_runner import processes
from terraform_runner.errors import RunError
from terraform_runner.terraform import Terraform

_APPLIED = re.compile(r"(?:Apply|Destroy) complete! Resources: (?P<counts>.+?)\.?$")
_PLANNED = re.compile(r"(?P<counts>No changes\.|Plan: \d+ to add.*\d+ to destroy)")
_NOISE = re.compile(r"\x1b\[[0-9;]*m|[╷│╵]")


@dataclass(frozen=True)
class Cdktf:
    """A cdktf CLI, and the folder that holds cdktf.out.

    cdktf can end before it has printed the last of what Terraform said: its exit status tells
    whether all went well, and a summary that is missing tells nothing.
    """

    binary: Path
    folder: Path
    environment: Mapping[str, str]

    def deploy(self, stacks: Sequence[str]) -> dict[str, str]:
        """Deploy stacks in cdktf's order; return by stack what Terraform counted."""
        return _counts(self._run("deploy", *stacks, "--auto-approve"), stacks)

    def destroy(self, stacks: Sequence[str]) -> dict[str, str]:
        """Destroy stacks in cdktf's order; return by stack what Terraform counted."""
        return _counts(self._run("destroy", *stacks, "--auto-approve"), stacks)

    def diff(self, stack: str) -> str | None:
        """Return Terraform's summary of the plan for one stack; None if cdktf lost it."""
        found = _PLANNED.search(self._run("diff", stack))
        return found["counts"].rstrip(".") if found else None

    def _run(self, command: str, *arguments: str) -> str:
        done = processes.run(
            [self.binary, command, *arguments, "--skip-synth", "--skip-provider-lock"],
            folder=self.folder,
            environment=self.environment,
        )
        printed = _NOISE.sub("", done.stdout + done.stderr)
        if done.returncode:
            told = "\n".join(line.rstrip() for line in printed.splitlines() if line.strip())
            raise RunError(f"cdktf {command} failed\n{told[-4000:]}")
        return printed


def cdktf_environment(terraform: Terraform, folder: Path) -> dict[str, str]:
    """Return the environment variables that keep cdktf quiet, offline and inside `folder`."""
    return {
        "CI": "true",
        "CDKTF_HOME": str(folder),
        "CDKTF_LOG_FILE_DIRECTORY": str(folder),
        "DISABLE_VERSION_CHECK": "1",
        "FORCE_COLOR": "0",
        "TERRAFORM_BINARY_NAME": str(terraform.binary),
    }


def _counts(printed: str, stacks: Sequence[str]) -> dict[str, str]:
    """Read the summaries; cdktf names a stack only on the first line of what it prints of it."""
    counts: dict[str, str] = {}
    current = ""
    for line in printed.splitlines():
        first = line.split(maxsplit=1)[0] if line[:1].strip() else ""
        current = first if first in stacks else current
        if found := _APPLIED.search(line.rstrip()):
            counts[current] = found["counts"]
    return counts
