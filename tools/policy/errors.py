"""What the gate refuses to work with, in the words of the environment files' refusals."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing wrong with the input of the gate."""

    place: str
    problem: str
    allowed: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}\n    allowed: {self.allowed}\n    fix: {self.fix}"


class GateError(Exception):
    """The gate cannot judge; `faults` holds every reason. Exit status 2."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))
