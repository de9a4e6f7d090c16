"""Vulnerabilities that are accepted for a while: which, in what, why, and until when."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from conventions.faults import FaultError
from environments.acknowledgements import Until, reason
from environments.load import read_as
from environments.types import Section, Text
from tools.audit.found import AuditError, Vulnerability


class Accepted(Section):
    """One vulnerability that is known and accepted until a day, that day included."""

    id: Annotated[str, Text(r"\S+", "one of its names", "CVE-2026-12345")]
    package: Annotated[str, Text(r"\S+", "the package's name, as its lock has it", "requests")]
    reason: Annotated[str, reason("Nothing in the image calls it.", reader="an auditor")]
    until: Until

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
