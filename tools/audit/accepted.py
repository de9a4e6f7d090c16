"""Vulnerabilities that are accepted for a while: which, in what, why, and until when."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from conventions.faults import FaultError
from environments.load import read_as
from environments.types import Day, Section, Text
from tools.audit.found import AuditError, Vulnerability


class Accepted(Section):
    """One vulnerability that is known and accepted until a day, that day included."""

    id: Annotated[str, Text(r"\S+", "one of its names", "CVE-2026-12345")]
    package: Annotated[str, Text(r"\S+", "the package's name, as its lock has it", "requests")]
    reason: Annotated[
        str,
        Text(
            r"(?s).{20,}",
            "a reason of at least 20 characters that an auditor would accept",
            "Nothing in the image calls it.",
        ),
    ]
    until: Annotated[
        Day, Field(examples=["2027-06-30"], description="the last day on which it is accepted")
    ]

    def covers(self, found: Vulnerability) -> bool:
        """Whether this is the vulnerability, by any of its names."""
        return self.package == found.pin.package and self.id in {found.id, *found.aliases}


class _Vulnerabilities(Section):
    page: ClassVar[str] = "docs/how-to/release-an-image.md"

    accepted: Annotated[list[Accepted], Field(description="tables [[accepted]]")] = []  # noqa: RUF012


def load(file: Path) -> list[Accepted]:
    """Read what is accepted.

    Raises:
        AuditError: the file is not what it should be.
    """
    try:
        return read_as(_Vulnerabilities, file).accepted
    except FaultError as error:
        raise AuditError(str(error)) from None
