"""The exit statuses of the tools that run Terraform."""

from enum import IntEnum

from conventions.endings import INTERRUPTED as _INTERRUPTED


class Exit(IntEnum):
    """What `python -m tools.rehearsal` and `python -m tools.plan` end with."""

    GOOD = 0
    FAILED = 1
    BAD_INPUT = 2
    DATA_AT_RISK = 3
    INTERRUPTED = _INTERRUPTED


INTERRUPTED = "interrupted; everything that was started is stopped"
