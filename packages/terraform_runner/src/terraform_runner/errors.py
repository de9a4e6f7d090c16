"""What can end a rehearsal, and the exit status that says so."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit statuses of `python -m tools.rehearsal`."""

    GOOD = 0
    FAILED = 1
    BAD_INPUT = 2
    DATA_AT_RISK = 3
    INTERRUPTED = 130  # what a shell reports of a program that Ctrl-C ended


INTERRUPTED = "interrupted; everything that was started is stopped"


class RunError(Exception):
    """A rehearsal failed; the message says where, and what to do."""

    status = Exit.FAILED

    def __init__(self, message: str, *, stack: str = "") -> None:
        self.stack = stack
        super().__init__(message)


class BadInputError(RunError):
    """The rehearsal cannot start: what was asked for, or what it needs, is not there."""

    status = Exit.BAD_INPUT

    def __init__(self, problem: str, *, allowed: str = "", fix: str = "") -> None:
        lines = [problem, allowed and f"allowed: {allowed}", fix and f"fix: {fix}"]
        super().__init__("\n    ".join(line for line in lines if line))
