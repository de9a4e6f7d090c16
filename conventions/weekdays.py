"""Days of the week as Azure spells and counts them: Sunday is 0."""

from datetime import date
from typing import Literal, get_args

Weekday = Literal["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


def weekday(day: date) -> Weekday:
    """Return the day of the week of a date or a moment, in the time zone that it is given in."""
    return WEEKDAYS[day.isoweekday() % 7]
