"""The real Terraform: one typed method for each command."""

import json
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple, Self

from terraform_runner import processes
from terraform_runner.diagnostics import Diagnostic, TerraformError, errors, record
from terraform_runner.plan import Plan

PLAN = "kept.tfplan"


class Counts(NamedTuple):
    """How many resources an apply touched; a replaced one is both added and removed."""

    added: int
    changed: int
    removed: int

    @classmethod
    def of(cls, printed: str) -> Self:
        """Read the last summary in what an apply printed; the one before it is the plan's."""
        records = [record(line) for line in printed.splitlines()]
        summary = [r["changes"] for r in records if r.get("type") == "change_summary"][-1]
        return cls(summary["add"], summary["change"], summary["remove"])

    def __str__(self) -> str:
        return f"{self.added} added, {self.changed} changed, {self.removed} destroyed"


@dataclass(frozen=True, kw_only=True)
class Terraform:
    """A terraform binary and the environment it runs in; every method works in a stack's folder.

    Each raises TerraformError when Terraform refuses, with Terraform's own words.
    """

    binary: Path
    environment: Mapping[str, str]
    inherited: Sequence[int] = ()

    def init(self, folder: Path) -> None:
        """Prepare backend and providers."""
        self._run(folder, "init", "-json", "-reconfigure")

    def migrate(self, folder: Path) -> None:
        """Prepare another backend, and copy the state of the one before into it, unasked."""
        self._run(folder, "init", "-no-color", "-migrate-state", "-force-copy")

    def pull(self, folder: Path) -> str:
        """Return the state as JSON; an empty text where there is none."""
        return self._run(folder, "state", "pull")

    def validate(self, folder: Path) -> None:
        """Check the configuration against the providers' schemas."""
        self._run(folder, "validate", "-json")

    def plan(self, folder: Path, *options: str) -> Plan:
        """Plan, and keep the plan for `apply`."""
        self._run(folder, "plan", "-json", f"-out={PLAN}", *options)
        return Plan.parse(json.loads(self._run(folder, "show", "-json", PLAN)))

    def apply(self, folder: Path) -> Counts:
        """Apply the kept plan."""
        return Counts.of(self._run(folder, "apply", "-json", PLAN))

    def destroy(self, folder: Path) -> Counts:
        """Destroy everything in the state."""
        return Counts.of(self._run(folder, "apply", "-json", "-destroy", "-auto-approve"))

    def check_destroy(self, folder: Path) -> None:
        """Plan to destroy everything, and keep no plan."""
        self._run(folder, "plan", "-json", "-destroy")

    def outputs(self, folder: Path) -> dict[str, Any]:
        """Return the stack's outputs, sensitive ones included."""
        found = json.loads(self._run(folder, "output", "-json"))
        return {name: output["value"] for name, output in found.items()}

    def import_(self, folder: Path, address: str, identity: str) -> None:
        """Take a resource that is there already into the state."""
        self._run(folder, "import", "-input=false", "-no-color", address, identity)

    def push(self, folder: Path, state: Path) -> None:
        """Make a state file that could not be uploaded the stack's state."""
        self._run(folder, "state", "push", str(state.resolve()))

    def unlock(self, folder: Path, lock: str) -> None:
        """Break a lock whose holder is known to be gone."""
        self._run(folder, "force-unlock", "-force", lock)

    def _run(self, folder: Path, *command: str) -> str:
        done = self._start(folder, *command)
        if done.returncode < 0:
            told = signal.Signals(-done.returncode).name
            killed = Diagnostic(summary=f"it was killed by {told}")
            raise TerraformError(command[0], folder.name, [killed])
        if done.returncode:
            words = " ".join(word for word in command[:2] if not word.startswith("-"))
            raise TerraformError(words, folder.name, errors(done.stdout, done.stderr))
        return done.stdout

    def _start(self, folder: Path, *command: str) -> CompletedProcess[str]:
        return processes.run(
            [self.binary, *command],
            folder=folder,
            environment=self.environment,
            inherited=self.inherited,
        )
