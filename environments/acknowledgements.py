"""What an exception that people allow has to say: why, and until when.

In environment files these are the `[acknowledged."<fact>"]` tables: ends of support that an
environment accepts for a while.
"""

from datetime import date
from typing import Annotated

from pydantic import Field, field_validator

from environments.types import Day, Section, Text, refuse

FactName = Annotated[
    str,
    Text(
        r"[a-z_]+ [A-Za-z0-9._]+",
        "part and version, as make calendar-check says",
        "postgres 14",
    ),
]


Until = Annotated[Day, Field(examples=["2027-06-30"], description="the last day on which it holds")]


def reason(example: str, *, least: int = 20, reader: str = "another engineer") -> Text:
    """Return what the reason of an exception has to be, in files for tools; not for editors."""
    rule = f"a reason of at least {least} characters that {reader} would accept"
    return Text(rf"(?s).{{{least},}}", rule, example)


class Acknowledgement(Section):
    """An end of support that `make calendar-check` accepts until a day, with the reason."""

    reason: Annotated[
        str,
        Text(".{20,}", "20 characters or more", "no new server is made; 16 follows in February"),
        Field(description="why, and what follows"),
    ]
    until: Annotated[str, Field(description="last day that it is accepted, YYYY-MM-DD")]

    @field_validator("until")
    @classmethod
    def _is_a_day(cls, text: str) -> str:
        try:
            date.fromisoformat(text)
        except ValueError:
            refuse("not a day", allowed="YYYY-MM-DD", fix='for example "2027-03-31"')
        return text
