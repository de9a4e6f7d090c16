"""Holds what is used against the table: what has ended, and what ends soon."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from tools.calendar.table import Part, Version
from tools.calendar.uses import Use

WARN_DAYS = 120

Acknowledged = Mapping[tuple[str, str], date]
"""Until which day an environment accepts an end, by its name and the fact's: `postgres 14`."""


@dataclass(frozen=True)
class Finding:
    """A version in use that has ended, ends within WARN_DAYS, or is not there yet."""

    use: Use
    part: Part
    version: Version
    today: date

    @property
    def fact(self) -> str:
        """The name that an environment acknowledges it by."""
        return f"{self.part.name} {self.version.name}"

    @property
    def ended(self) -> bool:
        """Whether the last day is over."""
        return (self.version.days_left(self.today) or 0) < 0

    @property
    def refused(self) -> bool:
        """Whether `make calendar-check` refuses it: Azure would, or stops what runs."""
        return self.ended and self.part.ended != "support"

    def __str__(self) -> str:
        place = f"{self.use.environment}: " if self.use.environment else ""
        lines = [
            f"{place}{self.use.place}: {self.part.title} {self.version.name} {self._when()}",
            f"    source: {self.version.source} (as of {self.part.read})",
            f"    fix: {self.part.way_out_of(self.version.name, self.today)}",
        ]
        if self.refused:
            lines.append(
                f'    or, where it runs already, in the environment file: [acknowledged."'
                f'{self.fact}"] with a reason and until = "YYYY-MM-DD"'
            )
        return "\n".join(lines)

    def _when(self) -> str:
        first, last, left = (
            self.version.first,
            self.version.last,
            self.version.days_left(self.today),
        )
        if first and first > self.today:
            return f"is not there before {first}"
        if not self.ended:
            return f"ends on {last}, in {left} days"
        meaning = {
            "new": f"Azure creates no new one; {self.part.running}",
            "running": self.part.running,
            "support": f"nobody repairs it any more; {self.part.running}",
        }
        return f"ended on {last}: {meaning[self.part.ended]}"


def findings(
    uses: Iterable[Use],
    table: Mapping[str, Part],
    today: date,
    acknowledged: Acknowledged,
) -> Iterator[Finding]:
    """Yield what has ended or ends soon, unless this project says why it stays with it."""
    for use in sorted(set(uses)):
        part = table[use.part]
        version = part.version(use.version)
        if version is None or version.accepted or _is_calm(version, today):
            continue
        until = acknowledged.get((use.environment, f"{part.name} {version.name}"))
        if until is None or today > until:
            yield Finding(use, part, version, today)


def _is_calm(version: Version, today: date) -> bool:
    left = version.days_left(today)
    early = version.first is not None and version.first > today
    return not early and (left is None or left > WARN_DAYS)
