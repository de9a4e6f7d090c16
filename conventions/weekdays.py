"""Days of the week as Azure spells and counts them: Sunday is 0."""

from typing import Literal, get_args

Weekday = Literal["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
