"""Vulnerabilities that are accepted for a while: which, in what, why, and until when."""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tools.audit.found import AuditError, Vulnerability
from tools.exceptions_file import read_tables

ALLOWED = {
    "id": 'one of its names, as "CVE-2026-12345"',
    "package": "the package's name, as its lock has it",
    "reason": "a reason of at least 20 characters that an auditor would accept",
    "until": "the last day on which it is accepted, as 2027-06-30",
}


class Accepted(BaseModel):
    """One vulnerability that is known and accepted until a day, that day included."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Annotated[str, Field(min_length=1)]
    package: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=20)]
    until: date

    def covers(self, found: Vulnerability) -> bool:
        """Whether this is the vulnerability, by any of its names."""
        return self.package == found.pin.package and self.id in {found.id, *found.aliases}


def load(file: Path) -> list[Accepted]:
    """Read what is accepted.

    Raises:
        AuditError: the file is not what it should be.
    """
    accepted, faults = read_tables(file, "accepted", Accepted, allowed=ALLOWED)
    if faults:
        raise AuditError("\n".join(map(str, faults)))
    return accepted
