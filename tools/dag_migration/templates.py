"""Jinja templates in DAG files and beside them, read and rewritten by Jinja's own lexer."""

from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from tools.dag_migration.context_keys import REPLACED_IN_TEMPLATES

_JINJA = Environment(autoescape=False, keep_trailing_newline=True, newline_sequence="\n")
_JINJA.filters |= dict.fromkeys(
    ("ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "tojson"), str
)


def is_template(text: str) -> bool:
    """Whether `text` holds Jinja delimiters."""
    return "{{" in text or "{%" in text


@lru_cache(maxsize=4096)
def names(text: str) -> frozenset[str]:
    """Return the context names a template uses; none if it is no valid template."""
    try:
        return frozenset(find_undeclared_variables(_JINJA.parse(text)))
    except TemplateSyntaxError:
        return frozenset()


@lru_cache(maxsize=4096)
def lookups(text: str, *path: str) -> tuple[str, ...]:
    """Return what follows a dotted path: `lookups(t, "conn")` of `{{ conn.db.host }}` is `db`."""
    try:
        tree = _JINJA.parse(text)
    except TemplateSyntaxError:
        return ()
    return tuple(node.attr for node in tree.find_all(nodes.Getattr) if _path(node.node) == path)


def _path(node: nodes.Node) -> tuple[str, ...]:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        return (*_path(node.node), node.attr)
    return ("",)


def pulls_without_task(text: str) -> bool:
    """Whether an `xcom_pull` names no task."""
    try:
        tree = _JINJA.parse(text)
    except TemplateSyntaxError:
        return False
    return any(
        isinstance(call.node, nodes.Getattr)
        and call.node.attr == "xcom_pull"
        and not call.args
        and not any(keyword.key == "task_ids" for keyword in call.kwargs)
        for call in tree.find_all(nodes.Call)
    )


def rewritten(text: str) -> str:
    """Return the template with the removed names replaced, all else as it was."""
    if not names(text) & REPLACED_IN_TEMPLATES.keys():
        return text
    pieces, previous = [], ""
    for _, kind, value in _JINJA.lex(text):
        replaced = value
        if kind == "name" and previous != ".":
            replaced = REPLACED_IN_TEMPLATES.get(value, value)
        pieces.append(replaced)
        if kind != "whitespace":
            previous = value
    result = "".join(pieces)
    # The lexer normalizes line ends; a template for which that matters is left to a person.
    return result if "\r" not in text else text
