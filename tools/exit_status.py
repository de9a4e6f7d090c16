"""The exit statuses of the tools that run Terraform."""

from enum import IntEnum


class Exit(IntEnum):
    """What `python -m tools.rehearsal` and `python -m tools.plan` end with."""

    GOOD = 0
    FAILED = 1
    BAD_INPUT = 2
    DATA_AT_RISK = 3
    INTERRUPTED = 130  # what a shell reports of a program that Ctrl-C ended


INTERRUPTED = "interrupted; everything that was started is stopped"
