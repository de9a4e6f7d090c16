"""What a change to the project does to an environment that stands already."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from terraform_runner.diagnostics import TerraformError
from terraform_runner.errors import RunError
from terraform_runner.plan import Plan

from synthesis.reader import Stack
from tools.rehearsal.operations import Operations
from tools.rehearsal.protection import without_protection
from tools.rehearsal.review import StackReview, abandoned, notes_of
from tools.rehearsal.run_context import RunContext


class ChangeRehearsal:
    """Deploys the stacks as they were, then plans and applies them as they are.

    Each stack is applied before the next is planned, because the next one reads its outputs: a
    virtual network that is replaced gets new subnet ids, and what stands in them is replaced, too.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._journal = context.journal
        self._operations = Operations(context)

    def rehearse(self, before: Sequence[Stack], after: Sequence[Stack]) -> list[StackReview]:
        """Return a review for each stack; what fails is in the journal.

        A stack that fails does not hide the others: they are planned on what is left of it.
        """
        try:
            self._deploy(before)
        except RunError as error:
            told = f"the stacks as they were cannot be deployed, so no change is seen: {error}"
            self._journal.problem(error.stack, told)
            return []
        self._journal.phase = "change"
        self._context.workspace.write(after, self._context.states)
        standing = {stack.name: stack for stack in before}
        reviews: list[StackReview] = []
        for stack in after:
            with self._recorded():
                reviews.append(self._review(stack, standing.get(stack.name)))
                self._operations.apply(stack, label="apply change")
        self._check_states(standing, after)
        kept = {stack.name for stack in after} | {stack.backend for stack in after}
        return reviews + [abandoned(s) for s in before if not kept & {s.name, s.backend}]

    def _deploy(self, stacks: Sequence[Stack]) -> None:
        self._journal.phase = "deploy"
        self._context.workspace.write(stacks, self._context.states)
        for stack in stacks:
            self._operations.deploy(stack)

    def _check_states(self, standing: dict[str, Stack], after: Sequence[Stack]) -> None:
        backends = {stack.backend for stack in standing.values()}
        for stack in after:
            if stack.name in standing and stack.backend not in backends:
                told = f"its state moves to {stack.backend}: move it there before you deploy"
                self._journal.problem(stack.name, told)

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        try:
            yield
        except RunError as error:
            self._journal.problem(error.stack, str(error))

    def _review(self, stack: Stack, before: Stack | None) -> StackReview:
        self._operations.prepare(stack)
        refused: tuple[str, ...] = ()
        try:
            plan = self._operations.plan(stack, label="plan change")
        except TerraformError as error:
            if not error.protected:
                raise
            refused = error.protected
            plan = self._plan_unprotected(stack)
        return StackReview(
            stack=stack.name,
            changes=plan.changes,
            outputs_change=plan.outputs_change,
            refused=refused,
            notes=tuple(notes_of(stack, before, plan)),
        )

    def _plan_unprotected(self, stack: Stack) -> Plan:
        """Plan as if nothing was protected, to show what the change means for all the rest."""
        bare = replace(stack, document=without_protection(stack.document))
        self._context.workspace.write_stack(bare, self._context.states)
        return self._operations.plan(stack, label="plan unprotected")
