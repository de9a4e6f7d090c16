"""What a change to the project does to an environment that stands already."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tools.rehearsal.diagnostics import TerraformError
from tools.rehearsal.errors import RehearsalError
from tools.rehearsal.lifecycle import Lifecycle
from tools.rehearsal.operations import Operations
from tools.rehearsal.plan import Plan, ResourceChange
from tools.rehearsal.protection import without_protection
from tools.rehearsal.scene import Scene
from tools.rehearsal.synthesis import Stack


@dataclass(frozen=True, kw_only=True)
class StackReview:
    """What happens to one stack."""

    stack: str
    changes: tuple[ResourceChange, ...] = ()
    outputs_change: bool = False
    refused: tuple[str, ...] = ()
    """Addresses whose `prevent_destroy` makes Terraform refuse the whole plan."""
    note: str = ""


class ChangeRehearsal:
    """Deploys the stacks as they were, then plans and applies them as they are.

    Each stack is applied before the next is planned, because the next one reads its outputs: a
    virtual network that is replaced gets new subnet ids, and what stands in them is replaced, too.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._journal = scene.journal
        self._operations = Operations(scene)

    def rehearse(self, before: Sequence[Stack], after: Sequence[Stack]) -> list[StackReview]:
        """Return a review for each stack; what fails is in the journal.

        A stack that fails does not hide the others: they are planned on what is left of it.
        """
        reviews: list[StackReview] = []
        with self._recorded():
            Lifecycle(self._scene).deploy(before)
        if self._journal.problems:
            return reviews
        self._journal.phase = "change"
        self._scene.workspace.write(after, self._scene.states)
        for stack in after:
            with self._recorded():
                reviews.append(self._review(stack))
                self._operations.apply(stack, label="apply change")
        standing = {stack.backend for stack in before}
        for stack in after:
            if stack.backend not in standing and any(s.name == stack.name for s in before):
                told = f"its state moves to {stack.backend}: move it there before you deploy"
                self._journal.problem(stack.name, told)
        return reviews + [_abandoned(s) for s in before if s.name not in {a.name for a in after}]

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        try:
            yield
        except RehearsalError as error:
            self._journal.problem(error.stack, str(error))

    def _review(self, stack: Stack) -> StackReview:
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
        )

    def _plan_unprotected(self, stack: Stack) -> Plan:
        """Plan as if nothing was protected, to show what the change means for all the rest."""
        bare = replace(stack, document=without_protection(stack.document))
        self._scene.workspace.write_stack(bare, self._scene.states)
        return self._operations.plan(stack, label="plan unprotected")


def _abandoned(stack: Stack) -> StackReview:
    count = sum(len(resources) for resources in stack.document.get("resource", {}).values())
    return StackReview(
        stack=stack.name,
        note=f"the stack is gone; its {count} resources stay in Azure, and nothing manages them: "
        "destroy it before you remove it from the code",
    )
