"""Vulnerabilities that are accepted for a while: which, in what, why, and until when."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tools.audit.found import AuditError, Vulnerability

FIX = (
    'write id = "CVE-...", package = "...", reason = "..." of at least 20 characters, and until = '
    "YYYY-MM-DD"
)


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
    try:
        tables = tomllib.loads(file.read_text("utf-8")).get("accepted", [])
        return [Accepted.model_validate(table) for table in tables]
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise AuditError(f"{file}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise AuditError(f"{file}: [[accepted]] {place}: {first['msg']}; {FIX}") from error
