"""What the gate refuses to work with."""

from conventions.faults import FaultError


class GateError(FaultError):
    """The gate cannot judge; `faults` holds every reason. Exit status 2."""
