"""Draws paths as one SVG: columns from starts on the left to what is reached on the right.

By hand, and not by Mermaid or Graphviz: Mermaid is loaded from a CDN by the reader's browser, and
the documentation asks no foreign host; Graphviz is a program that every machine would need.
"""

from collections.abc import Sequence
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
    columns = _columns(paths)
    place = {
        node: (column * LEFT + 10, row * DOWN + 10)
        for column, nodes in enumerate(columns)
        for row, node in enumerate(nodes)
    }
    goals = {path.goal for path in paths}
    steps = {step for path in paths for step in path.steps}
    rows = [_arrow(step, place, step in accepted) for step in sorted(steps, key=lambda s: s.name)]
    rows += [_box(node, *at, goal=node in goals) for node, at in place.items()]
    width = len(columns) * LEFT - (LEFT - WIDTH) + 20
    height = max(map(len, columns), default=0) * DOWN + 10
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
    background = f'<rect width="{width}" height="{height}" style="fill:#fff;stroke:none"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", background, *rows, "</svg>", ""])


def _columns(paths: Sequence[Path]) -> list[list[str]]:
    """Put each node behind all that lead to it; in a column, near those that lead to it."""
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for path in paths:
        graph.add_edges_from((step.start, step.end) for step in path.steps)
    # a circle, which shortest paths of several starts can make together, is one generation
    whole = networkx.condensation(graph)
    columns: list[list[str]] = []
    height: dict[str, float] = {}
    for generation in networkx.topological_generations(whole):
        nodes = sorted(node for one in generation for node in whole.nodes[one]["members"])
        nodes.sort(key=lambda node: _mean([height.get(n, 0) for n in graph.predecessors(node)]))
        height |= {node: row for row, node in enumerate(nodes)}
        columns.append(nodes)
    return columns


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


def _arrow(step: Step, place: dict[str, tuple[int, int]], accepted: bool) -> str:
    (x1, y1), (x2, y2) = place[step.start], place[step.end]
    x1, y1, y2 = x1 + WIDTH, y1 + HEIGHT // 2, y2 + HEIGHT // 2
    half = (x1 + x2) // 2
    kind = ' class="accepted"' if accepted else ""
    return (
        f'<path{kind} d="M{x1},{y1} C{half},{y1} {half},{y2} {x2},{y2}">'
        f"<title>{escape(f'{step.start}: {step.words}')}</title></path>"
    )
