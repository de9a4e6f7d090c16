"""The operator's pages lead on: to the alerts' chapters, and to a change that cannot wait."""

import json
import re
from pathlib import Path

import pytest

from tests import ROOT
from tests.docs.pages import name
from tests.operator import tables
from tests.operator.shell import Call

OPERATE = sorted((ROOT / "docs/how-to/operate").rglob("*.md"))
# they name what was set long before, or are themselves about a change by pull request
NOT_TO_SET = (
    "destroy.md",
    "reach-the-platform.md",
    "restore-the-database.md",
    "restore-the-namespace.md",
    "urgent-change.md",
)


def keys(part: object) -> set[str]:
    """Return the keys of the environment file that cannot be mistaken for another word."""
    if isinstance(part, list):
        return {key for one in part for key in keys(one)}
    if not isinstance(part, dict):
        return set()
    own = {key for key in part.get("properties", {}) if "_" in key}
    return own.union(*(keys(one) for one in part.values()))


KEYS = keys(json.loads((ROOT / "environments/environment.schema.json").read_text()))
SPANS = re.compile(r"`([^`\n]+)`")


@pytest.mark.parametrize("page", OPERATE, ids=name)
def test_a_page_that_names_what_to_set_leads_to_how_an_urgent_change_is_made(page: Path) -> None:
    text = page.read_text()
    named = {word for span in SPANS.findall(text) for word in re.findall(r"\w+", span)} & KEYS

    assert not named or "urgent-change.md)" in text or page.name in NOT_TO_SET


def test_the_alerts_table_says_what_each_runbook_holds() -> None:
    text = tables.CHAPTER.read_text()

    assert text == tables.alerts(text), "write it: make reference"


def test_the_reference_says_who_judges_the_operator_s_commands(
    pages: dict[Path, list[Call]],
) -> None:
    text = tables.REFERENCE.read_text()

    assert text == tables.judges(text, pages), "write it: make reference"
