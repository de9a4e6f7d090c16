"""Terraform's commands on one stack, timed; they continue where a killed run stopped."""

from datetime import UTC, datetime
from pathlib import Path

from terraform_runner.diagnostics import TerraformError
from terraform_runner.errors import RunError
from terraform_runner.plan import Plan
from terraform_runner.terraform import Counts

from synthesis.reader import Stack
from tools.rehearsal.run_context import RunContext

_UNSAVED = "errored.tfstate"


class Operations:
    """What can be done to a stack in a workspace.

    Every method raises TerraformError where Terraform refuses, and RunError where somebody who is
    at work holds the state's lock.
    """

    def __init__(self, context: RunContext) -> None:
        self._terraform = context.terraform
        self._workspace = context.workspace
        self._journal = context.journal

    def prepare(self, stack: Stack) -> None:
        """Initialize the stack, and save a state that could not be uploaded when it was made."""
        folder = self._workspace.stack(stack.name)
        with self._journal.step(stack.name, "init"):
            self._terraform.init(folder)
        unsaved = folder / _UNSAVED
        if unsaved.exists():
            with self._journal.step(stack.name, "state push"):
                self._push(stack, unsaved)
            unsaved.unlink()

    def validate(self, stack: Stack) -> None:
        """Check the stack against the schemas."""
        with self._journal.step(stack.name, "validate"):
            self._terraform.validate(self._workspace.stack(stack.name))

    def plan(self, stack: Stack, *options: str, label: str = "plan") -> Plan:
        """Plan; break the lock of a run that was killed."""
        folder = self._workspace.stack(stack.name)
        with self._journal.step(stack.name, label) as step:
            try:
                plan = self._terraform.plan(folder, *options)
            except TerraformError as error:
                self._unlock(stack, error)
                plan = self._terraform.plan(folder, *options)
            step.result = str(plan)
        return plan

    def apply(self, stack: Stack, *, label: str = "apply") -> None:
        """Apply the plan; take in what a killed run made and could not record."""
        with self._journal.step(stack.name, label) as step:
            counts = self._apply(stack)
            step.added, step.result = counts.added, str(counts)

    def deploy(self, stack: Stack) -> None:
        """Prepare, plan and apply."""
        self.prepare(stack)
        self.plan(stack)
        self.apply(stack)

    def destroy(self, stack: Stack) -> None:
        """Destroy everything in the stack's state."""
        with self._journal.step(stack.name, "destroy") as step:
            step.result = str(self._terraform.destroy(self._workspace.stack(stack.name)))

    def _apply(self, stack: Stack) -> Counts:
        folder = self._workspace.stack(stack.name)
        adopted: set[str] = set()
        while True:  # behind each resource that is taken in there may be others that depend on it
            try:
                return self._terraform.apply(folder)
            except TerraformError as error:
                if not self._workspace.continued or not set(error.existing) - adopted:
                    raise
                self._adopt(stack, error)
                adopted |= set(error.existing)
                self._terraform.plan(folder)

    def _adopt(self, stack: Stack, error: TerraformError) -> None:
        folder = self._workspace.stack(stack.name)
        for address, identity in error.existing.items():
            self._terraform.import_(folder, address, identity)
            self._journal.note(stack.name, f"{address} was made by a killed run: imported")

    def _push(self, stack: Stack, unsaved: Path) -> None:
        folder = self._workspace.stack(stack.name)
        try:
            self._terraform.push(folder, unsaved)
        except TerraformError as error:
            self._unlock(stack, error)
            self._terraform.push(folder, unsaved)
        self._journal.note(stack.name, "the state that could not be uploaded was saved")

    def _unlock(self, stack: Stack, error: TerraformError) -> None:
        """Break the lock that is in the way if its holder is gone, else raise the error.

        While this rehearsal has the workspace no other one works in it, so a lock from before its
        time belongs to a run that was killed; a younger one is held by somebody who is at work.
        """
        if not error.lock:
            raise error
        created = _created(error.lock.get("Created", ""))
        if created is None or created >= self._workspace.opened:
            raise RunError(
                f"the state is locked by {error.lock.get('Who')} since {error.lock.get('Created')}"
                "\n    fix: wait until that run ends; if it is gone, run `terraform force-unlock "
                f"{error.lock['ID']}` in {self._workspace.stack(stack.name)}",
                stack=stack.name,
            ) from error
        self._terraform.unlock(self._workspace.stack(stack.name), error.lock["ID"])
        self._journal.note(stack.name, f"broke the lock that a killed run left at {created}")


def _created(text: str) -> datetime | None:
    """Read the time in Terraform's lock information, `2026-11-22 23:02:46.06 +0000 UTC`."""
    try:
        return datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
