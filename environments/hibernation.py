"""The `[hibernation]` table: hours in which an environment is stopped, to cost less."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator

from conventions.weekdays import WEEKDAYS, Weekday
from environments.data import Postgres
from environments.types import Section, refuse

TimeZone = Literal[
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Warsaw",
    "Europe/Helsinki",
    "Europe/Istanbul",
    "Africa/Johannesburg",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Australia/Sydney",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
]
# Azure's alert processing rules take the names of Windows (CLDR: windowsZones)
WINDOWS_NAMES: dict[TimeZone, str] = {
    "UTC": "UTC",
    "Europe/London": "GMT Standard Time",
    "Europe/Berlin": "W. Europe Standard Time",
    "Europe/Paris": "Romance Standard Time",
    "Europe/Warsaw": "Central European Standard Time",
    "Europe/Helsinki": "FLE Standard Time",
    "Europe/Istanbul": "Turkey Standard Time",
    "Africa/Johannesburg": "South Africa Standard Time",
    "Asia/Dubai": "Arabian Standard Time",
    "Asia/Kolkata": "India Standard Time",
    "Asia/Singapore": "Singapore Standard Time",
    "Asia/Tokyo": "Tokyo Standard Time",
    "Asia/Seoul": "Korea Standard Time",
    "Australia/Sydney": "AUS Eastern Standard Time",
    "America/Sao_Paulo": "E. South America Standard Time",
    "America/New_York": "Eastern Standard Time",
    "America/Chicago": "Central Standard Time",
    "America/Denver": "Mountain Standard Time",
    "America/Los_Angeles": "Pacific Standard Time",
}
WORKING_DAYS: tuple[Weekday, ...] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
# Schedules of pipelines may be late; an environment that somebody wakes later stays awake
STOPPING = timedelta(hours=2)


class Hibernation(Section):
    """When cluster and database run; in all other hours they are stopped, and nothing is lost.

    An environment runs at least one day a week: Azure starts a stopped database server after seven
    days (learn.microsoft.com: "Stop and start Azure Database for PostgreSQL").
    """

    time_zone: Annotated[TimeZone, Field(description="zone of the hours, by its IANA name")] = "UTC"
    days: Annotated[
        tuple[Weekday, ...],
        Field(strict=False, min_length=1, description="days on which it runs"),
    ] = WORKING_DAYS
    start_hour: Annotated[int, Field(ge=0, le=22, description="hour in which it is started")] = 7
    stop_hour: Annotated[int, Field(ge=1, le=23, description="hour in which it is stopped")] = 19

    @property
    def nights(self) -> tuple[Weekday, ...]:
        """Days on which it does not run at all."""
        return tuple(day for day in WEEKDAYS if day not in self.days)

    def runs(self, at: datetime) -> bool:
        """Whether it should run at a moment, which knows its time zone."""
        local = at.astimezone(ZoneInfo(self.time_zone))
        on = WEEKDAYS[local.isoweekday() % 7] in self.days
        return on and self.start_hour <= local.hour < self.stop_hour

    def stops(self, at: datetime) -> bool:
        """Whether it ended to run shortly before: later, somebody may have woken it on purpose."""
        return not self.runs(at) and self.runs(at - STOPPING)

    @field_validator("days")
    @classmethod
    def _once(cls, days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        if len(set(days)) < len(days):
            refuse("names a day twice", allowed="each once", fix="delete the second one")
        return days

    @field_validator("stop_hour")
    @classmethod
    def _later(cls, stop: int, info: ValidationInfo) -> int:
        start = info.data.get("start_hour", 0)
        if stop < start + 2:
            refuse(
                f"less than two hours after start_hour = {start}, and a start takes half of one",
                allowed="start_hour + 2 or more, on the same day",
                fix=f"set {min(start + 2, 23)}, or an earlier start_hour",
            )
        return stop


def refuse_sleep(hibernation: Hibernation | None, postgres: Postgres | None) -> None:
    """Refuse to stop an environment that pays for never being down."""
    if hibernation and postgres and postgres.high_availability != "Disabled":
        refuse(
            f'stopped at night, with postgres.high_availability = "{postgres.high_availability}"',
            allowed="hibernation of an environment whose database has no standby",
            fix='delete [hibernation], or set postgres.high_availability = "Disabled"',
        )
