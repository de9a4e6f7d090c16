"""Arguments that Airflow 3 does not take are removed from the text, comments are not."""

import ast
from collections.abc import Iterator, Mapping

from dag_migration.analysis import Analysis
from dag_migration.checks import takes_airflow_arguments
from dag_migration.fixes.arguments import DROPPED, RENAMED, argument_dicts
from dag_migration.fixes.edits import Edits
from dag_migration.model import Fix

CODE = "MIG034"
# Given both ways, Airflow 2 took the value of the old word here, of the new one elsewhere.
OLD_WINS = {"concurrency"}


def without_removed(text: str) -> tuple[str, list[Fix]]:
    """Return the text without arguments that are gone or given twice, and the changes."""
    code, edits = Analysis(text), Edits(text)
    fixes: list[Fix] = []
    for line, start, end, name in _removed(code, edits):
        edits.remove(start, end)
        fixes.append(Fix(code=CODE, line=line, message=f"Removed the argument `{name}`"))
    return (edits.result(), fixes) if fixes else (text, [])


def _removed(code: Analysis, edits: Edits) -> Iterator[tuple[int, int, int, str]]:
    dicts = argument_dicts(code)
    for call in code.calls:
        if takes_airflow_arguments(code.qualified(call.func)):
            given = {k.arg: k for k in call.keywords if k.arg}
            for name in _surplus(given):
                found = given[name]
                yield found.lineno, edits.start(found), edits.end(found), name
            for keyword in call.keywords:
                if isinstance(keyword.value, ast.Dict) and keyword.arg in {None, "default_args"}:
                    yield from _of_dict(keyword.value, edits)
    for node in code.nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if node.targets[0].id in dicts and isinstance(node.value, ast.Dict):
                yield from _of_dict(node.value, edits)
            elif dicts.get(node.targets[0].id) and isinstance(node.value, ast.Call):
                for keyword in node.value.keywords:
                    if keyword.arg in DROPPED:
                        start, end = edits.start(keyword), edits.end(keyword)
                        yield keyword.lineno, start, end, keyword.arg


def _surplus(given: Mapping[str, object]) -> Iterator[str]:
    for name in given:
        if name in DROPPED:
            yield name
    for old, new in RENAMED.items():
        if old in given and new in given:
            yield new if old in OLD_WINS else old


def _of_dict(node: ast.Dict, edits: Edits) -> Iterator[tuple[int, int, int, str]]:
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and key.value in DROPPED:
            yield key.lineno, edits.start(key), edits.end(value), str(key.value)
