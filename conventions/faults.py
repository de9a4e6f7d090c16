"""One form for everything that is refused: what is wrong and where, what is allowed, the fix."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input."""

    place: str
    """A file or a command."""
    key: str = ""
    """What it is about in that place: a key with its value."""
    problem: str = ""
    allowed: str = ""
    fix: str = ""

    def __str__(self) -> str:
        lines = [
            ": ".join(filter(None, (self.place, self.key, self.problem))),
            self.allowed and f"allowed: {self.allowed}",
            self.fix and f"fix: {self.fix}",
        ]
        return "\n    ".join(filter(None, lines))


class FaultError(Exception):
    """An input is refused; `faults` holds every reason, and the message tells them all."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))
