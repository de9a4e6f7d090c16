"""One environment from nothing to nothing with the real cdktf CLI."""

from collections.abc import Sequence
from dataclasses import replace

from terraform_runner.cdktf_cli import Cdktf
from terraform_runner.errors import RunError

from synthesis.reader import Stack
from tools.rehearsal.journal import EVERY_STACK
from tools.rehearsal.operations import Operations
from tools.rehearsal.protection import locks, protected_addresses, released
from tools.rehearsal.run_context import RunContext


class CdktfLifecycle:
    """Runs `cdktf deploy`, `cdktf diff` of each stack, and `cdktf destroy`."""

    def __init__(self, context: RunContext, cdktf: Cdktf) -> None:
        self._context = context
        self._journal = context.journal
        self._cdktf = cdktf

    def rehearse(self, stacks: Sequence[Stack]) -> None:
        """Go through it all; what fails is in the journal, and ends it."""
        names = [stack.name for stack in stacks]
        self._context.workspace.write(stacks, self._context.states)
        try:
            self._journal.phase = "deploy"
            if self._context.workspace.continued:
                self._take_up(stacks)
            with self._journal.step(EVERY_STACK, "cdktf deploy") as step:
                step.result = _told(self._cdktf.deploy(names))
            self._journal.phase = "second plan"
            for stack in stacks:
                self._check_stable(stack)
            self._journal.phase = "destroy"
            self._release(stacks)
            with self._journal.step(EVERY_STACK, "cdktf destroy") as step:
                step.result = _told(self._cdktf.destroy(names))
        except RunError as error:
            self._journal.problem(error.stack, str(error))
        else:
            if left := self._context.providers.remaining():
                self._journal.problem("", f"left in the cloud: {', '.join(left)}")

    def _take_up(self, stacks: Sequence[Stack]) -> None:
        """Finish what a killed run left behind; cdktf itself stops at a lock or at what exists."""
        operations = Operations(self._context)
        for stack in stacks:
            operations.deploy(stack)

    def _check_stable(self, stack: Stack) -> None:
        with self._journal.step(stack.name, "cdktf diff") as step:
            summary = self._cdktf.diff(stack.name)
            step.result = summary or "no summary printed: asking Terraform"
        if summary is None:
            plan = Operations(self._context).plan(stack, label="plan again")
            summary = "No changes" if plan.empty else str(plan)
        if summary != "No changes":
            self._journal.problem(stack.name, f"cdktf diff after the deployment: {summary}")

    def _release(self, stacks: Sequence[Stack]) -> None:
        """Take away what protects the stacks, as a person has to who really means it."""
        locked = False
        for stack in stacks:
            kept = protected_addresses(stack.document) | locks(stack.document)
            locked = locked or bool(locks(stack.document))
            if kept:
                bare = replace(stack, document=released(stack.document))
                self._context.workspace.write_stack(bare, self._context.states)
                told = ", ".join(sorted(kept))
                self._journal.note(stack.name, f"protection taken away before destroy: {told}")
        if locked:  # a lock is a resource: it goes by a deployment without it
            names = [stack.name for stack in stacks]
            with self._journal.step(EVERY_STACK, "cdktf deploy") as step:
                step.result = _told(self._cdktf.deploy(names))


def _told(counts: dict[str, str]) -> str:
    return "; ".join(f"{name}: {told}" for name, told in counts.items())
