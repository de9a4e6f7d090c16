"""The `[acknowledged."<fact>"]` tables: ends of support that an environment accepts for a while."""

from datetime import date
from typing import Annotated

from pydantic import Field, field_validator

from environments.types import Section, Text, refuse

FactName = Annotated[
    str,
    Text(
        r"[a-z_]+ [A-Za-z0-9._]+",
        "part and version, as make calendar-check says",
        "postgres 14",
    ),
]


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
