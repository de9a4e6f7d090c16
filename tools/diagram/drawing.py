"""Draws a diagram as SVG, narrow enough for a phone, in the reader's colours.

By hand, and not by Graphviz or Mermaid: Graphviz is a program that every machine would need, and
the reader's browser would load Mermaid from another host.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from synthesis.resources import Resource
from tools.diagram.model import Kind, Stack, Way

WIDTH = 380
MARGIN, PAD, CHIP, GAP = 8, 10, 24, 6
LETTER = 7  # of 12 px; fonts differ, so boxes are a little wider than the words
ROW = 30

STYLE = """
svg.picture{--ink:#1b2733;--soft:#586673;--paper:#fff;--box:#eef4f9;--line:#2f6f9f;
--reads:#2f6f9f;--writes:#b06a00;--owns:#b23b2a;font:12px system-ui,sans-serif}
@media(prefers-color-scheme:dark){svg.picture{--ink:#e6ebf0;--soft:#a9b4bf;--paper:#1e2129;
--box:#27303b;--line:#6fb1e0;--reads:#6fb1e0;--writes:#f0b050;--owns:#ff8a7a}}
svg.picture text{fill:var(--ink)}svg.picture .soft{fill:var(--soft)}
svg.picture .paper{fill:var(--paper)}svg.picture .title{font-weight:700;font-size:15px}
svg.picture .box{fill:var(--box);stroke:var(--line)}
svg.picture .chip{fill:var(--paper);stroke:var(--soft);stroke-opacity:.5}
svg.picture .way{fill:none;stroke-width:1.6;stroke-opacity:.75}
svg.picture .way:hover{stroke-width:5;stroke-opacity:1}
svg.picture .reads{stroke:var(--reads)}svg.picture .writes{stroke:var(--writes)}
svg.picture .owns{stroke:var(--owns);stroke-width:2.4}
svg.picture a:hover rect,svg.picture a:focus rect{stroke:var(--owns);stroke-opacity:1}
"""


def anchor(resource: Resource) -> str:
    """Return the id of a resource's row in the page."""
    return f"{resource.stack}.{resource.address}"


def stacks(every: Sequence[Stack]) -> str:
    """Draw the stacks in the order that deploys them: what each holds, and what it reads."""
    parts: list[str] = []
    y = MARGIN
    for number, stack in enumerate(every):
        if number:
            parts.append(f'<path class="way reads" d="M{WIDTH / 2},{y - 20}v18"/>')
            parts.append(f'<path class="way reads" d="M{WIDTH / 2 - 5},{y - 8}l5,6l5,-6"/>')
        inside, bottom = _inside(stack, y)
        parts.append(
            f'<rect class="box" x="{MARGIN}" y="{y}" width="{WIDTH - 2 * MARGIN}" '
            f'height="{bottom - y}" rx="6"/>'
        )
        parts += inside
        y = bottom + 22
    return _svg("The stacks, what each holds, and what it reads of others", parts, y - 22 + MARGIN)


def _inside(stack: Stack, top: int) -> tuple[list[str], int]:
    title = _text(MARGIN + PAD, top + 22, stack.name, "title")
    parts = [_link(f"#stack-{stack.name}", title)]
    parts.append(
        _text(WIDTH - MARGIN - PAD, top + 22, f"{stack.count} resources", "soft", end=True)
    )
    y = top + 34
    if stack.reads:
        words = [
            (f"{other} {len(names)}", f"#{stack.name}-reads-{other}")
            for other, names in stack.reads.items()
        ]
        parts.append(_text(MARGIN + PAD, y + 16, "reads", "soft"))
        chips, y = _chips(words, y, left=MARGIN + PAD + 40)
        parts += chips
    things = [(_counted(kind), f"#{_first(kind)}") for kind in stack.kinds if not kind.wiring]
    wiring = [kind for kind in stack.kinds if kind.wiring]
    if wiring:
        many = sum(len(kind.resources) for kind in wiring)
        things.append((f"and {many} that join or guard them", f"#stack-{stack.name}"))
    chips, y = _chips(things, y)
    return [*parts, *chips], y + 4


def _counted(kind: Kind) -> str:
    return kind.noun if len(kind.resources) == 1 else f"{kind.noun} x {len(kind.resources)}"


def _first(kind: Kind) -> str:
    return anchor(kind.resources[0])


def _chips(
    words: Sequence[tuple[str, str]], y: int, left: int = MARGIN + PAD
) -> tuple[list[str], int]:
    """Set small boxes in lines; return them, and where the next line begins."""
    parts: list[str] = []
    x = left
    for text, target in words:
        width = round(len(text) * LETTER) + 14
        if x > left and x + width > WIDTH - MARGIN - PAD:
            x, y = left, y + CHIP + GAP
        box = f'<rect class="chip" x="{x}" y="{y}" width="{width}" height="{CHIP}" rx="12"/>'
        parts.append(_link(target, box + _text(x + 7, y + 16, text)))
        x += width + GAP
    return parts, y + CHIP + GAP


@dataclass(frozen=True)
class _Column:
    x: int
    width: int
    rows: dict[str, int]

    def middle(self, name: str) -> int:
        return self.rows[name] + ROW // 2 - 2


def reaches(label: str, ways: Sequence[Way], rows_of: str) -> str:
    """Draw who reaches what: on the left who, on the right what, a line for each way.

    Args:
        label: what the picture shows, for those who cannot see it.
        ways: each with a row in the page.
        rows_of: how the ids of these rows begin.
    """
    starts = list(dict.fromkeys(way.start for way in ways))
    # what the same people reach stands together
    ends = sorted(
        {way.end for way in ways},
        key=lambda end: (
            _mean([starts.index(way.start) for way in ways if way.end == end]),
            end,
        ),
    )
    rows = max(len(starts), len(ends))
    left = _Column(MARGIN, 126, _spread(starts, rows))
    right = _Column(WIDTH - MARGIN - 182, 182, _spread(ends, rows))
    parts = [
        _link(
            f"#{rows_of}-{number}",
            _way(left, right, way),
        )
        for number, way in enumerate(ways)
    ]
    parts += [_named(left, start, "") for start in starts]
    targets = {way.end: way.target for way in ways}
    parts += [
        _named(right, end, f"#{anchor(target)}" if (target := targets[end]) else "") for end in ends
    ]
    return _svg(label, parts, rows * ROW + 2 * MARGIN)


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values)


def _spread(names: Sequence[str], rows: int) -> dict[str, int]:
    """Give each name a row; the shorter column is spread over the height of the longer."""
    step = rows / len(names) if names else 1
    return {
        name: round(MARGIN + (number + (step - 1) / step / 2) * step * ROW)
        for number, name in enumerate(names)
    }


def _way(left: _Column, right: _Column, way: Way) -> str:
    x, end = left.x + left.width, right.x
    half = (x + end) // 2
    y, below = left.middle(way.start), right.middle(way.end)
    title = escape(f"{way.start}: {way.words} on {way.end}")
    return (
        f'<path class="way {way.strength}" d="M{x},{y} C{half},{y} {half},{below} {end},{below}">'
        f"<title>{title}</title></path>"
    )


def _named(column: _Column, name: str, target: str) -> str:
    y = column.rows[name]
    most = int((column.width - 12) / LETTER)
    short = name if len(name) <= most else name[: most - 1] + "…"
    box = (
        f'<rect class="chip" x="{column.x}" y="{y}" width="{column.width}" height="{ROW - 6}" '
        f'rx="4"/>'
    )
    text = _text(column.x + 6, y + 16, short)
    shown = f"<title>{escape(name)}</title>" if short != name else ""
    return _link(target, shown + box + text) if target else f"<g>{shown}{box}{text}</g>"


def _text(x: float, y: float, words: str, kind: str = "", *, end: bool = False) -> str:
    attributes = f' class="{kind}"' if kind else ""
    attributes += ' text-anchor="end"' if end else ""
    return f'<text x="{x:g}" y="{y:g}"{attributes}>{escape(words)}</text>'


def _link(target: str, inside: str) -> str:
    return f"<a href={quoteattr(target)}>{inside}</a>"


def _svg(label: str, parts: Sequence[str], height: float) -> str:
    return "\n".join(_document(label, parts, height)) + "\n"


def _document(label: str, parts: Sequence[str], height: float) -> Iterator[str]:
    size = f'viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}"'
    said = f'class="picture" role="group" aria-label={quoteattr(label)}'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {said} {size}>'
    yield f"<style>{''.join(STYLE.split(chr(10)))}</style>"
    yield f'<rect class="paper" width="{WIDTH}" height="{height:g}"/>'
    yield from parts
    yield "</svg>"
