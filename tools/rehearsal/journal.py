"""What a rehearsal did, step by step, and what went wrong."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from terraform_runner.errors import RunError

EVERY_STACK = "all stacks"


@dataclass(kw_only=True)
class Step:
    """One command on one stack."""

    stack: str
    command: str
    phase: str = ""
    seconds: float = 0.0
    added: int = 0
    """Resources that were made."""
    result: str = ""
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that has to be put right."""

    stack: str
    message: str


@dataclass
class Journal:
    """Collects steps and problems; `listener` hears of every step as it ends."""

    listener: Callable[[Step], None] = lambda step: None
    phase: str = ""
    """What the steps that follow belong to."""
    steps: list[Step] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @contextmanager
    def step(self, stack: str, command: str) -> Iterator[Step]:
        """Time a step; a RunError marks it as failed and goes on its way."""
        step = Step(stack=stack, command=command, phase=self.phase)
        started = time.monotonic()
        try:
            yield step
        except RunError:
            step.failed = True
            step.result = step.result or "failed"
            raise
        finally:
            step.seconds = time.monotonic() - started
            self.steps.append(step)
            self.listener(step)

    def problem(self, stack: str, message: str) -> None:
        """Record what has to be put right."""
        self.problems.append(Problem(stack=stack, message=message))

    def note(self, stack: str, message: str) -> None:
        """Record what is worth knowing and needs nothing done."""
        self.notes.append(Problem(stack=stack, message=message))
