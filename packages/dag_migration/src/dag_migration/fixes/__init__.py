"""Automatic changes beyond ruff's, made on the concrete syntax tree: layout and comments stay."""

import difflib
from collections.abc import Callable, Set
from functools import lru_cache, partial

from dag_migration import templates
from dag_migration.analysis import Analysis
from dag_migration.checks import own_macros
from dag_migration.fixes.arguments import DROPPED, RENAMED, WORDS, Arguments
from dag_migration.fixes.change import Change, applied
from dag_migration.fixes.context import KEYS, ContextKeys, Templates
from dag_migration.fixes.dates import DaysAgo, plain_days_ago
from dag_migration.fixes.imports import Imports, Moves
from dag_migration.fixes.modules import (
    by_name,
    conf_methods,
    environment,
    pod_keywords,
    sdk_methods,
    xcom_methods,
)
from dag_migration.fixes.removal import without_removed
from dag_migration.model import Fix

Maker = Callable[[str], Change]

__all__ = ["Moves", "fixed", "moved", "prepared", "source_line"]


def fixed(text: str) -> tuple[str, list[Fix]]:
    """Return the text with what can be changed safely changed, and the changes."""
    fixes: list[Fix] = []
    makers: list[Maker] = []
    source = text
    if any(word in text for word in (*DROPPED, *RENAMED)):
        text, fixes = without_removed(text)
    if any(word in text for word in WORDS):
        makers.append(lambda text: Arguments(Analysis(text)))
    if "days_ago" in text and plain_days_ago(Analysis(text)):
        makers.append(lambda text: DaysAgo(Analysis(text)))
    if any(key in text for key in KEYS):
        makers.append(lambda text: ContextKeys(Analysis(text)))
    if templates.is_template(text) and any(key in text for key in KEYS):
        makers.append(lambda text: Templates(own_macros(Analysis(text))))
    new = text
    for make in makers:
        before, done = new, list[Fix]()
        new = applied(make(before), before, done)
        fixes += [f.model_copy(update={"line": source_line(source, before, f.line)}) for f in done]
    return new, fixes


def prepared(text: str, gone: Set[tuple[str, str]]) -> tuple[str, list[Fix]]:
    """Return the text in the form that ruff's fixes and the look-up of names understand.

    Args:
        text: a file.
        gone: what it takes of Airflow's modules and Airflow 3 does not have.
    """
    fixes: list[Fix] = []
    source = text
    changes = (
        partial(by_name, gone=gone),
        conf_methods,
        pod_keywords,
        sdk_methods,
        xcom_methods,
        environment,
        without_removed,
        _renamed_alias,
    )
    for change in changes:
        before = text
        text, done = change(before)
        fixes += [f.model_copy(update={"line": source_line(source, before, f.line)}) for f in done]
    return text, fixes


# ruff takes the alias for the old name, again and again
_EMPTY = ("airflow.providers.standard.operators.empty", "EmptyOperator")
_ALIASED = {
    (f"airflow.operators.{module}", "DummyOperator"): _EMPTY
    for module in ("dummy", "dummy_operator")
}


def _renamed_alias(text: str) -> tuple[str, list[Fix]]:
    if "DummyOperator as" not in text:
        return text, []
    return moved(text, Moves({}, frozenset(), _ALIASED))


def moved(text: str, moves: Moves) -> tuple[str, list[Fix]]:
    """Return the text with imports taken from where the names are now."""
    fixes: list[Fix] = []
    if any(moves):
        text = applied(Imports(moves), text, fixes)
    return text, fixes


def source_line(source: str, text: str, line: int) -> int:
    """Return the line of `source` that `line` of the changed `text` comes from."""
    if source == text:
        return line
    for start, end, other, other_end in _blocks(source, text):
        if other <= line - 1 < other_end:
            return min(start + line - 1 - other, max(start, end - 1)) + 1
    return line


@lru_cache(maxsize=4)  # asked for each change of a file in turn
def _blocks(source: str, text: str) -> tuple[tuple[int, int, int, int], ...]:
    """Return which lines of `source` and `text` belong together, as half-open ranges."""
    matcher = difflib.SequenceMatcher(None, source.split("\n"), text.split("\n"))
    return tuple((a, b, c, d) for _, a, b, c, d in matcher.get_opcodes())
