"""Writes docs/reference/calendar.md and its picture from the table of dated facts."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from tools.calendar.picture import svg
from tools.calendar.table import Part, Version

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "calendar.md"
PICTURE = ROOT / "docs" / "pictures" / "calendar.svg"

INTRODUCTION = """\
# The calendar

<!-- Written by `make reference` from tools/calendar/facts.toml; a test compares the two. -->

What this platform rests on ends on known days. `make calendar` shows the coming twelve months and
what each environment uses. `make synth` warns from 120 days before an end and refuses nothing.
`make calendar-check` refuses what has ended, and only where Azure itself would refuse it or stop
it. Where it runs already and you know why, say so in the environment file:

```toml
[acknowledged."postgres 14"]
reason = "no new server is made here; version 16 follows in February"
until = "2027-02-28"
```

Each row says where its days were read, and when: what was announced later is not in it.

![When support begins and ends](../pictures/calendar.svg)
"""
ENDED = {
    "new": "Azure creates no new one",
    "running": "Azure stops what runs",
    "support": "nobody repairs it any more",
}


def page(table: Mapping[str, Part]) -> str:
    """Return the page of the table."""
    lines = [INTRODUCTION]
    for part in table.values():
        lines += [
            f"## {part.title}",
            "",
            f"After the last day: {ENDED[part.ended]}; {part.running}. Read: {part.read}.",
            "",
            "| version | first day | last day | source |",
            "| --- | --- | --- | --- |",
            *(_row(version) for version in part.versions),
            "",
        ]
    return "\n".join(lines)


def _row(version: Version) -> str:
    first = f"{version.first or ''}{' (planned)' if version.planned else ''}"
    last = str(version.last or f"open: {version.until or 'not announced'}")
    if version.accepted:
        last += f"; this project stays with it: {version.accepted}"
    return f"| {version.name} | {first} | {last} | <{version.source}> |"


def picture(table: Mapping[str, Part]) -> str:
    """Return the SVG of what Azure itself ends; its days do not move with today's."""
    parts = [part for part in table.values() if part.ended != "support"]
    return svg(parts, date(2026, 1, 1), date(2029, 1, 1))


def write(table: Mapping[str, Part]) -> None:
    """Write the page and the picture."""
    PAGE.write_text(page(table), encoding="utf-8")
    PICTURE.write_text(picture(table), encoding="utf-8")
