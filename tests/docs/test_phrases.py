"""Phrases that codespell cannot see, because each of their words is good English."""

import re
import subprocess
from pathlib import Path

import pytest

from tests import ROOT

PHRASES = dict(
    line.split("->") for line in (ROOT / "tools/prose/phrases.txt").read_text().splitlines()
)
SUFFIXES = {".md", ".py", ".jinja", ".mk"}


def _texts() -> list[Path]:
    """Return what people read: pages, docstrings, messages; records are never rewritten."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = listed.stdout.decode().rstrip("\0").split("\0")
    return [
        ROOT / name
        for name in names
        if (Path(name).suffix in SUFFIXES or Path(name).name == "Makefile")
        and not name.startswith("docs/decisions/0")
        and (ROOT / name).is_file()
    ]


def _found(text: str, phrase: str) -> bool:
    """Tell whether a text holds a phrase, also across the lines of a comment or a page."""
    words = r"[\s#*]+".join(re.escape(word) for word in phrase.split())
    return re.search(rf"\b{words}\b", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("phrase", PHRASES)
def test_no_text_holds_a_phrase_that_has_a_plainer_one(phrase: str) -> None:
    texts = _texts()

    found = [str(file.relative_to(ROOT)) for file in texts if _found(file.read_text(), phrase)]

    assert found == [], f"{phrase!r}: write {PHRASES[phrase]!r}"


def test_a_phrase_is_found_across_the_lines_of_a_comment() -> None:
    text = "# The quick\n# brown fox"

    assert _found(text, "the quick brown")
