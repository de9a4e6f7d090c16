"""Phrases that codespell cannot see, because each of their words is good English."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests import ROOT

PHRASES = dict(
    line.split("->") for line in (ROOT / "tools/prose/phrases.txt").read_text().splitlines()
)
SUFFIXES = {".md", ".py", ".jinja", ".mk"}


@cache
def _texts() -> dict[str, str]:
    """Return what people read, in small letters: pages, docstrings, messages; not records."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = listed.stdout.decode().rstrip("\0").split("\0")
    return {
        name: (ROOT / name).read_text().lower()
        for name in names
        if (Path(name).suffix in SUFFIXES or Path(name).name == "Makefile")
        and not name.startswith("docs/decisions/0")
        and (ROOT / name).is_file()
    }


def _found(text: str, phrase: str) -> bool:
    """Tell whether a text in small letters holds a phrase, also across lines of a comment."""
    words = phrase.lower().split()
    pattern = r"[\s#*]+".join(map(re.escape, words))
    return words[0] in text and re.search(rf"\b{pattern}\b", text) is not None


@pytest.mark.parametrize("phrase", PHRASES)
def test_no_text_holds_a_phrase_that_has_a_plainer_one(phrase: str) -> None:
    found = [name for name, text in _texts().items() if _found(text, phrase)]

    assert found == [], f"{phrase!r}: write {PHRASES[phrase]!r}"


def test_a_phrase_is_found_across_the_lines_of_a_comment() -> None:
    text = "# the quick\n# brown fox"

    assert _found(text, "the quick brown")
