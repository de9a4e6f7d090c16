"""The documentation's pages: their console blocks, the paths and the commands that they name."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.M | re.S)


def name(page: Path) -> str:
    """Return the page's path in the checkout."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """Yield the fenced blocks of a page that are of one of the languages."""
    for _, language, text in _FENCE.findall(page.read_text()):
        if language in languages:
            yield text


def code(page: Path) -> Iterator[str]:
    """Yield what stands in backticks within the text of a page."""
    yield from re.findall(r"`([^`\n]+)`", _FENCE.sub("", page.read_text()))


def commands(page: Path) -> Iterator[str]:
    """Yield every command line that a page tells its reader to run."""
    for text in blocks(page, "bash"):
        yield from text.replace("\\\n", " ").splitlines()
    for text in blocks(page, "console"):
        yield from (line[2:] for line in text.splitlines() if line.startswith("$ "))
    yield from code(page)
