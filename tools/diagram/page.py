"""Writes the page around the pictures: every resource, and every way, with an id to link to."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import Environment
from markdown_it import MarkdownIt

from tools.diagram import drawing
from tools.diagram.drawing import anchor
from tools.diagram.inline import inline
from tools.diagram.model import Diagram, Stack, Way

SHELL = Path(__file__).with_name("page.html.jinja")
PICTURES = ("stacks", "rights", "network-paths")


def markdown(diagram: Diagram, folder: str, head: str) -> str:
    """Return the page in Markdown.

    Args:
        diagram: what is drawn.
        folder: where the pictures are, from the page.
        head: how the page begins.
    """
    return "\n".join([head, *_lines(diagram, folder)]) + "\n"


def pictures(diagram: Diagram) -> dict[str, str]:
    """Return the three pictures (SVG) by their names."""
    drawn = (
        drawing.stacks(diagram.stacks),
        drawing.reaches("Who has which role on what", diagram.rights, "rights"),
        drawing.reaches("What reaches each subnet", diagram.network, "network"),
    )
    return dict(zip(PICTURES, drawn, strict=True))


def html(diagram: Diagram) -> str:
    """Return the page as one file of HTML that asks no host for anything."""
    title = f"{diagram.environment} in pictures"
    drawn = {f"./{name}.svg": svg for name, svg in pictures(diagram).items()}
    text = markdown(diagram, ".", f"# {title}\n")
    body = inline(MarkdownIt("commonmark").enable("table").render(text), drawn.__getitem__)
    shell = Environment(autoescape=True).from_string(SHELL.read_text(encoding="utf-8"))
    return shell.render(title=title, body=body)


def _lines(diagram: Diagram, folder: str) -> Iterator[str]:
    stacks, rights, network = (f"{folder}/{name}.svg" for name in PICTURES)
    yield "## The stacks\n"
    yield (
        "In the order that deploys them. *reads*: how many values a stack takes from the state of "
        "another.\n"
    )
    yield f"![The stacks, what each holds, and what it reads of others]({stacks})\n"
    yield "## Who may do what\n"
    yield (
        "The roles that the stacks give. Blue reads, orange writes, red owns; the words of a line "
        "are under the pointer, and in the [table](#rights-0).\n"
    )
    yield f"![Who has which role on what]({rights})\n"
    yield "## Who gets where by network\n"
    yield "What security groups let into each subnet; everything else is denied.\n"
    yield f"![What reaches each subnet]({network})\n"
    yield "## Every resource\n"
    for stack in diagram.stacks:
        yield from _stack(stack)
    yield "## Every way\n"
    yield from _ways("Roles", "rights", diagram.rights, ("who", "role", "on"))
    yield from _ways("Network", "network", diagram.network, ("from", "by", "to"))


def _stack(stack: Stack) -> Iterator[str]:
    yield f'### {stack.name}\n\n<a id="stack-{stack.name}"></a>\n'
    for other, names in stack.reads.items():
        mark = f'<a id="{stack.name}-reads-{other}"></a>'
        yield f"{mark}Reads of `{other}`: {', '.join(f'`{name}`' for name in names)}.\n"
    yield "| kind | name in Azure | address |"
    yield "| --- | --- | --- |"
    for kind in stack.kinds:
        for resource in kind.resources:
            name = str(resource.get("name") or "")
            name = "" if "${" in name else f"`{name}`" * bool(name)
            mark = f'<a id="{anchor(resource)}"></a>'
            yield f"| {mark}{kind.noun} | {name} | `{resource.address}` |"
    yield ""


def _ways(
    title: str, rows_of: str, ways: Sequence[Way], columns: tuple[str, str, str]
) -> Iterator[str]:
    yield f"### {title}\n"
    yield f"| {' | '.join(columns)} |"
    yield "| --- | --- | --- |"
    for number, way in enumerate(ways):
        end = f"[{way.end}](#{anchor(way.target)})" if way.target else way.end
        yield f'| <a id="{rows_of}-{number}"></a>{way.start} | {way.words} | {end} |'
    yield ""
