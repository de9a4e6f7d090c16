"""One environment from nothing to nothing: deploy, check that it is stable, destroy."""

from collections.abc import Sequence
from dataclasses import replace

from terraform_runner.diagnostics import TerraformError
from terraform_runner.errors import RunError

from synthesis.reader import Stack
from tools.rehearsal.operations import Operations
from tools.rehearsal.protection import locks, protected_addresses, released
from tools.rehearsal.run_context import RunContext


class Lifecycle:
    """Deploys the stacks in order, plans each again, and destroys them in reverse order."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._journal = context.journal
        self._operations = Operations(context)

    def rehearse(self, stacks: Sequence[Stack]) -> None:
        """Go through it all; what fails is in the journal, and ends it."""
        try:
            self.deploy(stacks)
            self._journal.phase = "second plan"
            for stack in stacks:
                self._check_stable(stack)
            self._journal.phase = "destroy"
            for stack in stacks:
                self._release(stack)
            for stack in reversed(stacks):
                self._operations.destroy(stack)
        except RunError as error:
            self._journal.problem(error.stack, str(error))
        else:
            self._check_nothing_left()

    def deploy(self, stacks: Sequence[Stack]) -> None:
        """Apply every stack.

        Raises:
            RunError: Terraform refused.
        """
        self._journal.phase = "deploy"
        self._context.workspace.write(stacks, self._context.states)
        for stack in stacks:
            self._operations.prepare(stack)
            self._operations.validate(stack)
            self._operations.plan(stack)
            self._operations.apply(stack)
            self._check_outputs(stack, stacks)

    def _check_outputs(self, stack: Stack, stacks: Sequence[Stack]) -> None:
        with self._journal.step(stack.name, "output") as step:
            outputs = self._context.terraform.outputs(self._context.workspace.stack(stack.name))
            read = {name for other in stacks for name in other.reads.get(stack.backend, ())}
            step.result = f"{len(read & set(outputs))} of {len(outputs)} read by other stacks"
        for name in sorted(read):
            if outputs.get(name) in (None, "", []):
                said = "is empty" if name in outputs else "does not exist"
                self._journal.problem(
                    stack.name, f"output {name} {said}, and another stack reads it"
                )

    def _check_stable(self, stack: Stack) -> None:
        plan = self._operations.plan(stack, label="plan again")
        if plan.empty:
            return  # what differs is for Azure to decide: a network tells the subnets it got
        for change in plan.drift:
            self._journal.problem(
                stack.name, f"{change.address}: {change.action} behind Terraform's back"
            )
        told = ", ".join(f"{change.address} ({change.action})" for change in plan.changes)
        self._journal.problem(stack.name, f"the second plan is not empty: {told or plan}")

    def _release(self, stack: Stack) -> None:
        """Take away what protects the stack, as a person has to who really means to destroy it."""
        kept, locked = protected_addresses(stack.document), locks(stack.document)
        if kept:
            self._check_protected(stack, kept)
        if kept or locked:
            bare = replace(stack, document=released(stack.document))
            self._context.workspace.write_stack(bare, self._context.states)
            self._operations.prepare(bare)  # what was written again has lost its locked providers
        if locked:
            self._operations.plan(stack, label="plan unlock")
            self._operations.apply(stack, label="unlock")

    def _check_protected(self, stack: Stack, kept: frozenset[str]) -> None:
        with self._journal.step(stack.name, "protected") as step:
            try:
                self._context.terraform.check_destroy(self._context.workspace.stack(stack.name))
            except TerraformError as error:
                if not error.protected:
                    raise
            else:
                told = ", ".join(sorted(kept))
                raise RunError(f"prevent_destroy did not keep {told}", stack=stack.name)
            step.result = f"{len(kept)} kept by prevent_destroy"

    def _check_nothing_left(self) -> None:
        if left := self._context.providers.remaining():
            self._journal.problem("", f"left in the cloud: {', '.join(left)}")
