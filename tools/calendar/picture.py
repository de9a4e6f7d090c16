"""Draws when support begins and ends: bars of months in the terminal, and an SVG for the docs."""

from collections.abc import Sequence
from datetime import date
from xml.sax.saxutils import escape

from tools.calendar.table import Part, Version

MONTHS = 12


def months(today: date) -> list[date]:
    """Return the first days of this month and of those after it."""
    start = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(start, start + MONTHS)]


def bar(version: Version, today: date) -> str:
    """Return a character a month: supported, ends in it, not supported."""
    return "".join(_mark(version, month) for month in months(today))


def _mark(version: Version, month: date) -> str:
    last = version.last
    if last is not None and (last.year, last.month) == (month.year, month.month):
        return "╸"
    before = version.first is not None and version.first > _end(month)
    after = last is not None and last < month
    return "·" if before or after else "━"


def _end(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


ROW, LEFT, WIDTH = 22, 260, 860
CLOSED, OPEN = "#2f6f9f", "#8fb7d3"


def svg(parts: Sequence[Part], first: date, last: date) -> str:
    """Draw the versions of each part between two days; an end that is not announced fades."""
    rows: list[str] = []
    y = 30
    span = (last - first).days

    def x(day: date) -> float:
        return LEFT + (min(max(day, first), last) - first).days / span * (WIDTH - LEFT)

    for year in range(first.year, last.year + 1):
        place = x(date(year, 1, 1))
        rows.append(f'<text x="{place:.0f}" y="16">{year}</text>')
        rows.append(f'<line x1="{place:.0f}" y1="20" x2="{place:.0f}" y2="100%"/>')
    for part in parts:
        rows.append(f'<text class="part" x="0" y="{y + 15}">{escape(part.title)}</text>')
        y += ROW
        for version in part.versions:
            end = version.last or last
            if end < first:
                continue
            start = x(version.first or first)
            rows.append(f'<text x="12" y="{y + 15}">{escape(version.name)}</text>')
            rows.append(
                f'<rect x="{start:.0f}" y="{y + 4}" width="{max(x(end) - start, 2):.0f}" '
                f'height="14" rx="2" fill="{CLOSED if version.last else OPEN}">'
                f"<title>{escape(_told(version))}</title></rect>"
            )
            y += ROW
    style = (
        "text{font:13px sans-serif;fill:currentColor}.part{font-weight:bold}"
        "line{stroke:#8888;stroke-dasharray:2 4}"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 10}">'
    return "\n".join([head, f"<style>{style}</style>", *rows, "</svg>", ""])


def _told(version: Version) -> str:
    end = version.last or version.until or "not announced"
    return f"{version.name}: {version.first or 'earlier'} to {end}"
