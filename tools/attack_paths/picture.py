"""Draws paths as one SVG: columns from starts on the left to what is reached on the right.

By hand, and not by Mermaid or Graphviz: Mermaid is loaded from a CDN by the reader's browser, and
the documentation asks no foreign host; Graphviz is a program that every machine would need.
"""

from collections.abc import Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

import networkx

from tools.attack_paths.questions import Path, Step

WIDTH, HEIGHT, LEFT, DOWN = 200, 40, 290, 56
STYLE = (
    "text{font:12px sans-serif;fill:#1b2733}rect{fill:#eef4f9;stroke:#2f6f9f}"
    ".goal{fill:#fbe9e7;stroke:#b23b2a}path{fill:none;stroke:#7a8794}"
    ".accepted{stroke:#b23b2a;stroke-width:2;stroke-dasharray:6 4}"
)


def svg(paths: Sequence[Path], accepted: Sequence[Step] = ()) -> str:
    """Draw paths; an accepted step is dashed, and the words of a step appear under the pointer."""
    steps = sorted({step for path in paths for step in path.steps}, key=lambda step: step.name)
    graph: networkx.DiGraph[str] = networkx.DiGraph((step.start, step.end) for step in steps)
    columns, through = _columns(graph)
    place = {
        node: (column * LEFT + 10, row * DOWN + 10)
        for column, nodes in enumerate(columns)
        for row, node in enumerate(nodes)
    }
    goals = {path.goal for path in paths}
    rows = [
        _arrow(step, [place[n] for n in through[step.start, step.end]], step in accepted)
        for step in steps
    ]
    rows += [_box(node, *at, goal=node in goals) for node, at in place.items() if node in graph]
    width = len(columns) * LEFT - (LEFT - WIDTH) + 20
    height = max(map(len, columns), default=0) * DOWN + 10
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
    background = f'<rect width="{width}" height="{height}" style="fill:#fff;stroke:none"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", background, *rows, "</svg>", ""])


def _columns(
    graph: "networkx.DiGraph[str]",
) -> tuple[list[list[str]], dict[tuple[str, str], list[str]]]:
    """Put each node behind all that lead to it; in a column, near those that lead to it.

    An arrow over several columns gets a row of its own in those between, so that it crosses no box.
    Returned beside the columns: what each arrow goes through, its ends included.
    """
    # a circle, which shortest paths of several starts can make together, is one generation
    whole = networkx.condensation(graph)
    column = {
        node: number
        for number, generation in enumerate(networkx.topological_generations(whole))
        for one in generation
        for node in whole.nodes[one]["members"]
    }
    columns: list[list[str]] = [[] for _ in range(max(column.values(), default=-1) + 1)]
    for node in sorted(graph):
        columns[column[node]].append(node)
    through: dict[tuple[str, str], list[str]] = {}
    before: dict[str, list[str]] = {}
    for start, end in sorted(graph.edges):
        between = range(column[start] + 1, column[end])
        stations = [start, *(f"{start} -> {end} @{number}" for number in between), end]
        through[start, end] = stations
        for number, station in zip(between, stations[1:-1], strict=True):
            columns[number].append(station)
        for one, next_one in pairwise(stations):
            before.setdefault(next_one, []).append(one)
    height: dict[str, float] = {}
    for nodes in columns:
        nodes.sort(key=lambda node: _mean([height.get(n, 0) for n in before.get(node, [])]))
        height |= {node: row for row, node in enumerate(nodes)}
    return columns, through


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0


def _box(node: str, x: int, y: int, *, goal: bool) -> str:
    kind = ' class="goal"' if goal else ""
    lines = _wrapped(node)
    first = y + HEIGHT / 2 + 4 - (len(lines) - 1) * 7
    texts = "".join(
        f'<text x="{x + 8}" y="{first + row * 14:.0f}">{escape(line)}</text>'
        for row, line in enumerate(lines)
    )
    return f'<rect{kind} x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="4"/>{texts}'


def _wrapped(text: str, most: int = 30) -> list[str]:
    if len(text) <= most:
        return [text]
    cut = text.rfind(" ", 0, most)
    return [text[:cut], text[cut + 1 :]] if cut > 0 else [text[:most], text[most:]]


def _arrow(step: Step, stations: Sequence[tuple[int, int]], accepted: bool) -> str:
    (x, y), *rest = stations
    line = f"M{x + WIDTH},{y + HEIGHT // 2}"
    x += WIDTH
    for number, (next_x, next_y) in enumerate(rest):
        half = (x + next_x) // 2
        middle, next_middle = y + HEIGHT // 2, next_y + HEIGHT // 2
        line += f" C{half},{middle} {half},{next_middle} {next_x},{next_middle}"
        x, y = next_x, next_y
        if number < len(rest) - 1:
            x += WIDTH
            line += f" H{x}"
    kind = ' class="accepted"' if accepted else ""
    return f'<path{kind} d="{line}"><title>{escape(f"{step.start}: {step.words}")}</title></path>'
