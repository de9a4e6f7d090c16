"""The calendar: what is refused, warned of and raised, on days that the tests choose."""
