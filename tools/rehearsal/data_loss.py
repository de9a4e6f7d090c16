"""Which changes lose data, and which of them a person has acknowledged."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from terraform_runner.plan import ResourceChange

from environments.acknowledgements import Until, reason
from environments.load import read_as
from environments.toml_file import NoFileError
from environments.types import Section, Text

DATA_HOLDERS: Mapping[str, str] = tomllib.loads(
    Path(__file__).with_name("data_holders.toml").read_text(encoding="utf-8")
)


class Acknowledgement(Section):
    """A person's word that data may go, in the project's `rehearsal.toml`."""

    stack: Annotated[str, Text(r"\S+", "a stack with its environment", "data-dev")]
    address: Annotated[
        str, Text(r".+", "the address that the rehearsal prints", "azurerm_storage_container.logs")
    ]
    action: Literal["replace", "delete"]
    reason: Annotated[str, reason("copied on 2026-11-20", least=10)]
    until: Until

    def __str__(self) -> str:
        return f"{self.stack}: {self.action} of {self.address}, until {self.until}"


class _File(Section):
    page: ClassVar[str] = "docs/how-to/rehearse.md"

    acknowledged: Annotated[
        list[Acknowledgement], Field(description="tables [[acknowledged]]")
    ] = []  # noqa: RUF012


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
        FaultError: with every fault of the file.
    """
    try:
        return read_as(_File, path).acknowledged
    except NoFileError:
        return []


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
