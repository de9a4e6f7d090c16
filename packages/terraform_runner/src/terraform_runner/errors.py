"""What can end a run of Terraform: it failed, or it could not start."""


class RunError(Exception):
    """A run failed; the message says where, and what to do."""

    status = 1
    """The exit status for a program that ends by it."""

    def __init__(self, message: str, *, stack: str = "") -> None:
        self.stack = stack
        super().__init__(message)


class BadInputError(RunError):
    """A run cannot start: what was asked for, or what it needs, is not there."""

    status = 2

    def __init__(self, problem: str, *, allowed: str = "", fix: str = "") -> None:
        lines = [problem, allowed and f"allowed: {allowed}", fix and f"fix: {fix}"]
        super().__init__("\n    ".join(line for line in lines if line))
