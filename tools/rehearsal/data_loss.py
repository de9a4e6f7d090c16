"""Which changes lose data, and which of them a person has acknowledged."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from terraform_runner.errors import BadInputError
from terraform_runner.plan import ResourceChange

DATA_HOLDERS: Mapping[str, str] = tomllib.loads(
    Path(__file__).with_name("data_holders.toml").read_text(encoding="utf-8")
)


class Acknowledgement(BaseModel):
    """A person's word that data may go, in the project's `rehearsal.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stack: str
    address: str
    action: Literal["replace", "delete"]
    reason: str = Field(min_length=10)
    until: date
    """The last day on which it holds."""

    def __str__(self) -> str:
        return f"{self.stack}: {self.action} of {self.address}, until {self.until}"


_ENTRY = (
    "[[acknowledged]] with stack, address, action (replace or delete), reason (10 characters or "
    "more) and until (a date, the last day on which it holds)"
)
_FIX = "write the entry as docs/how-to/rehearse.md shows it, or remove it"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    acknowledged: list[Acknowledgement] = []


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A change that loses data."""

    stack: str
    address: str
    action: str
    holds: str
    acknowledged: str | None = None
    """The reason that was given; None if nobody acknowledged it, or only until a day gone by."""


def read_acknowledgements(path: Path) -> list[Acknowledgement]:
    """Read `rehearsal.toml`; a project without one has acknowledged nothing.

    Raises:
        BadInputError: the file is not as it must be; the message names the place.
    """
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).acknowledged
    except FileNotFoundError:
        return []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"{path} is not TOML: {error}", allowed=_ENTRY, fix=_FIX) from None
    except ValidationError as error:
        told = "\n".join(f"{path.name}: {_fault(each)}" for each in error.errors())
        raise BadInputError(told, allowed=_ENTRY, fix=_FIX) from None


def _fault(error: ErrorDetails) -> str:
    key = ".".join(map(str, error["loc"]))
    given = "" if error["type"] == "missing" else f" = {error['input']!r}"
    return f"{key}{given}: {error['msg']}"


def losses(
    stack: str,
    changes: Collection[ResourceChange],
    acknowledgements: Collection[Acknowledgement],
    today: date,
) -> list[Loss]:
    """Return the changes of a stack that lose data."""
    reasons: dict[tuple[str, str, str], str] = {
        (a.stack, a.address, a.action): a.reason for a in acknowledgements if today <= a.until
    }
    return [
        Loss(
            stack=stack,
            address=change.address,
            action=change.action,
            holds=DATA_HOLDERS[change.type],
            acknowledged=reasons.get((stack, change.address, change.action)),
        )
        for change in changes
        if change.action.loses and change.type in DATA_HOLDERS
    ]


def stale(
    acknowledgements: Collection[Acknowledgement],
    found: Collection[Loss],
    stacks: Collection[str],
    known: Collection[str],
    today: date,
) -> list[str]:
    """Tell which acknowledgements no longer serve: out of date, or of nothing that happens.

    `stacks` are those that were rehearsed, `known` are all that the project has or had.
    """
    happens = {(loss.stack, loss.address, loss.action) for loss in found}
    told = [f"{a}: out of date" for a in acknowledgements if a.until < today]
    told += [
        f"{a}: there is no stack {a.stack}; there is: {', '.join(sorted(known))}"
        for a in acknowledgements
        if a.stack not in known and a.until >= today
    ]
    return told + [
        f"{a}: nothing like it is planned; remove it"
        for a in acknowledgements
        if a.stack in stacks and (a.stack, a.address, a.action) not in happens and a.until >= today
    ]
