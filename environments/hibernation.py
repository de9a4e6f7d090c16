"""The `[hibernation]` table: hours in which an environment is stopped, to cost less."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from conventions.weekdays import WEEKDAYS, Weekday, weekday
from environments.data import Postgres
from environments.types import EACH_ONCE, Section, one_of, refuse

# Azure's alert processing rules take the names of Windows (CLDR: windowsZones)
_CITIES = {
    "UTC": "UTC",
    "GMT Standard Time": "Europe/Dublin Europe/Lisbon Europe/London",
    "W. Europe Standard Time": "Europe/Amsterdam Europe/Berlin Europe/Luxembourg Europe/Oslo "
    "Europe/Rome Europe/Stockholm Europe/Vienna Europe/Zurich",
    "Romance Standard Time": "Europe/Brussels Europe/Copenhagen Europe/Madrid Europe/Paris",
    "Central Europe Standard Time": "Europe/Belgrade Europe/Bratislava Europe/Budapest "
    "Europe/Ljubljana Europe/Prague",
    "Central European Standard Time": "Europe/Warsaw Europe/Zagreb",
    "FLE Standard Time": "Europe/Helsinki Europe/Kyiv Europe/Riga Europe/Sofia Europe/Tallinn "
    "Europe/Vilnius",
    "GTB Standard Time": "Europe/Athens Europe/Bucharest",
    "Turkey Standard Time": "Europe/Istanbul",
    "South Africa Standard Time": "Africa/Johannesburg",
    "E. Africa Standard Time": "Africa/Nairobi",
    "W. Central Africa Standard Time": "Africa/Lagos",
    "Egypt Standard Time": "Africa/Cairo",
    "Israel Standard Time": "Asia/Jerusalem",
    "Arab Standard Time": "Asia/Kuwait Asia/Riyadh",
    "Arabian Standard Time": "Asia/Dubai",
    "Pakistan Standard Time": "Asia/Karachi",
    "India Standard Time": "Asia/Kolkata",
    "Sri Lanka Standard Time": "Asia/Colombo",
    "Bangladesh Standard Time": "Asia/Dhaka",
    "SE Asia Standard Time": "Asia/Bangkok Asia/Ho_Chi_Minh Asia/Jakarta",
    "China Standard Time": "Asia/Hong_Kong Asia/Shanghai",
    "Taipei Standard Time": "Asia/Taipei",
    "Singapore Standard Time": "Asia/Kuala_Lumpur Asia/Manila Asia/Singapore",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Korea Standard Time": "Asia/Seoul",
    "W. Australia Standard Time": "Australia/Perth",
    "E. Australia Standard Time": "Australia/Brisbane",
    "AUS Central Standard Time": "Australia/Darwin",
    "Cen. Australia Standard Time": "Australia/Adelaide",
    "AUS Eastern Standard Time": "Australia/Melbourne Australia/Sydney",
    "Tasmania Standard Time": "Australia/Hobart",
    "New Zealand Standard Time": "Pacific/Auckland",
    "Argentina Standard Time": "America/Argentina/Buenos_Aires",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Pacific SA Standard Time": "America/Santiago",
    "SA Pacific Standard Time": "America/Bogota America/Lima",
    "Central Standard Time (Mexico)": "America/Mexico_City",
    "Newfoundland Standard Time": "America/St_Johns",
    "Atlantic Standard Time": "America/Halifax",
    "Eastern Standard Time": "America/New_York America/Toronto",
    "Central Standard Time": "America/Chicago",
    "Mountain Standard Time": "America/Denver",
    "US Mountain Standard Time": "America/Phoenix",
    "Pacific Standard Time": "America/Los_Angeles America/Vancouver",
}
WINDOWS_NAMES = {city: name for name, cities in _CITIES.items() for city in cities.split()}
TimeZone = Annotated[
    str,
    AfterValidator(
        one_of("a time zone", WINDOWS_NAMES, "learn.microsoft.com: Default time zones of Windows")
    ),
    WithJsonSchema({"type": "string", "enum": sorted(WINDOWS_NAMES)}),
]
WORKING_DAYS: tuple[Weekday, ...] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
# Schedules of pipelines may be late; an environment that somebody wakes later stays awake
STOPPING = timedelta(hours=2)
SHORTEST = 2  # hours
A_SUNDAY = datetime(2026, 1, 4, tzinfo=UTC)


class Hibernation(Section):
    """When cluster and database run; in all other hours they are stopped, and nothing is lost.

    An environment runs at least one day a week: Azure starts a stopped database server after seven
    days (learn.microsoft.com: "Stop and start Azure Database for PostgreSQL").
    """

    time_zone: Annotated[TimeZone, Field(description="zone of the hours, by its IANA name")] = "UTC"
    days: Annotated[
        tuple[Weekday, ...],
        Field(strict=False, min_length=1, description="days on which it runs"),
        EACH_ONCE,
    ] = WORKING_DAYS
    start_hour: Annotated[int, Field(ge=0, le=21, description="hour in which it is started")] = 7
    stop_hour: Annotated[int, Field(ge=1, le=23, description="hour in which it is stopped")] = 19

    @property
    def nights(self) -> tuple[Weekday, ...]:
        """Days on which it does not run at all."""
        return tuple(day for day in WEEKDAYS if day not in self.days)

    @property
    def early(self) -> datetime:
        """A moment of its week in UTC when it runs, in winter as in summer.

        45 minutes after the start of its first day, and 105 in summer: a start takes half an hour.
        """
        zone = ZoneInfo(self.time_zone)
        standard = min(
            datetime(2026, month, 1, tzinfo=zone).utcoffset() or timedelta() for month in (1, 7)
        )
        day = A_SUNDAY.day + WEEKDAYS.index(self.days[0])
        start = datetime(2026, 1, day, self.start_hour, 45, tzinfo=timezone(standard))
        return start.astimezone(UTC)

    def runs(self, at: datetime) -> bool:
        """Whether it should run at a moment, which knows its time zone."""
        local = at.astimezone(ZoneInfo(self.time_zone))
        on = weekday(local) in self.days
        return on and self.start_hour <= local.hour < self.stop_hour

    def stops(self, at: datetime) -> bool:
        """Whether its hours ended shortly before: later, somebody may have started it again."""
        return not self.runs(at) and self.runs(at - STOPPING)

    @field_validator("stop_hour")
    @classmethod
    def _later(cls, stop: int, info: ValidationInfo) -> int:
        start = info.data.get("start_hour", 0)
        if stop < start + SHORTEST:
            refuse(
                f"less than two hours after start_hour = {start}, and a start takes half of one",
                allowed=f"start_hour + {SHORTEST} or more, on the same day",
                fix=f"set {start + SHORTEST}, or an earlier start_hour",
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
