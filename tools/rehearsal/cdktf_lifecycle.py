"""One environment from nothing to nothing with the real cdktf CLI."""

from collections.abc import Sequence
from dataclasses import replace

from tools.rehearsal.cdktf import Cdktf
from tools.rehearsal.errors import RehearsalError
from tools.rehearsal.journal import EVERY_STACK
from tools.rehearsal.protection import locks, protected_addresses, released
from tools.rehearsal.scene import Scene
from tools.rehearsal.synthesis import Stack


class CdktfLifecycle:
    """Runs `cdktf deploy`, `cdktf diff` of each stack, and `cdktf destroy`."""

    def __init__(self, scene: Scene, cdktf: Cdktf) -> None:
        self._scene = scene
        self._journal = scene.journal
        self._cdktf = cdktf

    def rehearse(self, stacks: Sequence[Stack]) -> None:
        """Go through it all; what fails is in the journal, and ends it."""
        names = [stack.name for stack in stacks]
        self._scene.workspace.write(stacks, self._scene.states)
        try:
            self._journal.phase = "deploy"
            with self._journal.step(EVERY_STACK, "cdktf deploy") as step:
                step.result = _told(self._cdktf.deploy(names), names)
            self._journal.phase = "second plan"
            for name in names:
                self._check_stable(name)
            self._journal.phase = "destroy"
            self._release(stacks)
            with self._journal.step(EVERY_STACK, "cdktf destroy") as step:
                step.result = _told(self._cdktf.destroy(names), names)
        except RehearsalError as error:
            self._journal.problem(error.stack, str(error))
        else:
            if left := self._scene.providers.remaining():
                self._journal.problem("", f"left in the cloud: {', '.join(left)}")

    def _check_stable(self, name: str) -> None:
        with self._journal.step(name, "cdktf diff") as step:
            step.result = self._cdktf.diff(name)
        if step.result != "No changes":
            self._journal.problem(name, f"cdktf diff after the deployment: {step.result}")

    def _release(self, stacks: Sequence[Stack]) -> None:
        """Take away what protects the stacks, as a person has to who really means it."""
        locked = False
        for stack in stacks:
            kept = protected_addresses(stack.document) | locks(stack.document)
            locked = locked or bool(locks(stack.document))
            if kept:
                bare = replace(stack, document=released(stack.document))
                self._scene.workspace.write_stack(bare, self._scene.states)
                told = ", ".join(sorted(kept))
                self._journal.note(stack.name, f"protection taken away before destroy: {told}")
        if locked:  # a lock is a resource: it goes by a deployment without it
            names = [stack.name for stack in stacks]
            with self._journal.step(EVERY_STACK, "cdktf deploy") as step:
                step.result = _told(self._cdktf.deploy(names), names)


def _told(counts: dict[str, str], names: Sequence[str]) -> str:
    """Tell what was done to each stack.

    Raises:
        RehearsalError: cdktf ended well, and yet passed over a stack.
    """
    if missing := [name for name in names if name not in counts]:
        raise RehearsalError(f"cdktf said nothing of {', '.join(missing)}")
    return "; ".join(f"{name}: {counts[name]}" for name in names)
