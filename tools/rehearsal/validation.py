"""Stacks held against providers that can say whether a configuration is valid, and no more."""

from collections.abc import Sequence

from terraform_runner.errors import RunError

from synthesis.reader import Stack
from tools.rehearsal.operations import Operations
from tools.rehearsal.run_context import RunContext


class Validation:
    """Initializes and validates each stack."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._operations = Operations(context)

    def rehearse(self, stacks: Sequence[Stack]) -> None:
        """Validate every stack, those too that come after one that is not valid."""
        journal = self._context.journal
        journal.phase = "validate"
        self._context.workspace.write(stacks, self._context.states)
        for stack in stacks:
            try:
                self._operations.prepare(stack)
                self._operations.validate(stack)
            except RunError as error:
                journal.problem(error.stack, str(error))
