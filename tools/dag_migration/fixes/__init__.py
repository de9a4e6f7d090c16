"""Automatic changes beyond ruff's, made on the concrete syntax tree: layout and comments stay."""

import difflib

from tools.dag_migration import templates
from tools.dag_migration.analysis import Analysis
from tools.dag_migration.fixes.arguments import DROPPED, RENAMED, TRIGGER_RULES, Arguments
from tools.dag_migration.fixes.change import Change, applied
from tools.dag_migration.fixes.context import ContextKeys, Templates
from tools.dag_migration.fixes.dates import DaysAgo, plain_days_ago
from tools.dag_migration.fixes.imports import Imports, Moves
from tools.dag_migration.model import Fix

__all__ = ["Moves", "fixed", "moved", "source_line"]


def fixed(text: str) -> tuple[str, list[Fix]]:
    """Return the text with what can be changed safely changed, and the changes."""
    fixes: list[Fix] = []
    changes: list[Change] = []
    if any(word in text for word in (*DROPPED, *RENAMED, *TRIGGER_RULES)):
        changes.append(Arguments())
    if "days_ago" in text and plain_days_ago(Analysis(text)):
        changes.append(DaysAgo("pendulum" in {i.local for i in Analysis(text).imports}))
    if "execution_date" in text:
        changes.append(ContextKeys())
    if templates.is_template(text):
        changes.append(Templates())
    for change in changes:
        text = applied(change, text, fixes)
    return text, fixes


def moved(text: str, moves: Moves) -> tuple[str, list[Fix]]:
    """Return the text with imports taken from where the names are now."""
    fixes: list[Fix] = []
    if moves.homes or moves.unused:
        text = applied(Imports(moves), text, fixes)
    return text, fixes


def source_line(source: str, text: str, line: int) -> int:
    """Return the line of `source` that `line` of the changed `text` comes from."""
    if source == text:
        return line
    matcher = difflib.SequenceMatcher(None, source.split("\n"), text.split("\n"), autojunk=False)
    for _, start, end, other, other_end in matcher.get_opcodes():
        if other <= line - 1 < other_end:
            return min(start + line - 1 - other, max(start, end - 1)) + 1
    return line
