"""Stacks held against providers that can say whether a configuration is valid, and no more."""

from collections.abc import Sequence

from terraform_runner.errors import RehearsalError

from tools.rehearsal.operations import Operations
from tools.rehearsal.scene import Scene
from tools.rehearsal.synthesis import Stack


class Validation:
    """Initializes and validates each stack."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._operations = Operations(scene)

    def rehearse(self, stacks: Sequence[Stack]) -> None:
        """Validate every stack, those too that come after one that is not valid."""
        journal = self._scene.journal
        journal.phase = "validate"
        self._scene.workspace.write(stacks, self._scene.states)
        for stack in stacks:
            try:
                self._operations.prepare(stack)
                self._operations.validate(stack)
            except RehearsalError as error:
                journal.problem(error.stack, str(error))
