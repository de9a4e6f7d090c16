"""Jinja templates in DAG files and beside them, read and rewritten by Jinja's own lexer."""

import re
from collections.abc import Callable, Iterator, Set
from functools import lru_cache
from typing import Any, NamedTuple

from jinja2 import Environment, TemplateError, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from dag_migration.context_keys import GONE_ATTRIBUTES, OWNERS, REPLACED_IN_TEMPLATES

_JINJA = Environment(autoescape=False, keep_trailing_newline=True, newline_sequence="\n")


class _Anything(dict[str, Any]):
    """Filters or tests of any name: `user_defined_filters` brings what only Airflow knows."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Callable[..., str]:
        return str

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name, str)


_JINJA.filters = _Anything(_JINJA.filters)
_JINJA.tests = _Anything(_JINJA.tests)
# In f-strings and in strings for `.format` braces are doubled, and fields stand in single ones.
_DOUBLED = re.compile(r"\{\{\{\{.*?\}\}\}\}|\{\{%.*?%\}\}", re.S)
_FIELD = re.compile(r"(?<!\{)\{[^{}%]*\}(?!\})")
HOLE = "_hole_{}_"
# What stands for an escape while Jinja reads: the sign itself, and a space that nobody writes.
_ESCAPE = re.compile(r"\\(?:\r\n|.)", re.S)
_MARKS = {'\\"': '"\x1c', "\\'": "'\x1c", "\\n": "\x1d", "\\t": "\x1e", "\\\n": "\x1f"}


class _Token(NamedTuple):
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def is_template(text: str) -> bool:
    """Whether `text` holds Jinja delimiters."""
    return "{{" in text or "{%" in text


@lru_cache(maxsize=4096)
def names(text: str) -> frozenset[str]:
    """Return the context names a template uses; none if it is no valid template."""
    tree = _parsed(text)
    try:
        return frozenset(find_undeclared_variables(tree)) if tree else frozenset()
    except TemplateError:  # it can be parsed, and not compiled: two blocks of one name
        return frozenset()


@lru_cache(maxsize=4096)
def gone_attributes(text: str) -> tuple[tuple[str, str], ...]:
    """Return what a template asks of `ti`, `dag` and `dag_run` that they do not have any more."""
    tree = _parsed(text)
    found = {
        (node.node.name, node.attr)
        for node in (tree.find_all(nodes.Getattr) if tree else ())
        if isinstance(node.node, nodes.Name) and node.node.name in OWNERS
    }
    return tuple(sorted((o, a) for o, a in found if a in GONE_ATTRIBUTES[OWNERS[o]]))


@lru_cache(maxsize=4096)
def lookups(text: str, *path: str) -> tuple[str, ...]:
    """Return what follows a dotted path: `lookups(t, "conn")` of `{{ conn.db.host }}` is `db`."""
    tree = _parsed(text)
    found = tree.find_all(nodes.Getattr) if tree else ()
    return tuple(node.attr for node in found if _path(node.node) == path)


def pulls_without_task(text: str) -> bool:
    """Whether an `xcom_pull` names no task."""
    tree = _parsed(text)
    return any(
        isinstance(call.node, nodes.Getattr)
        and call.node.attr == "xcom_pull"
        and not call.args
        and not any(keyword.key == "task_ids" for keyword in call.kwargs)
        for call in (tree.find_all(nodes.Call) if tree else ())
    )


@lru_cache(maxsize=4096)
def _parsed(text: str) -> nodes.Template | None:
    if _DOUBLED.search(text):
        text = "".join(_single(part) for part in _DOUBLED.findall(_FIELD.sub("_field_", text)))
    try:
        return _JINJA.parse(text)
    except TemplateSyntaxError:
        return None


def _single(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def _path(node: nodes.Node) -> tuple[str, ...]:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        return (*_path(node.node), node.attr)
    return ("",)


def rewritten_literal(code: str, own: Set[str] = frozenset()) -> str:
    """Return the source code of a string with its template rewritten, and its escapes kept.

    Jinja would stumble over the backslash of an escaped quote: it reads what the string means.
    """
    if "\\" not in code or any(mark in code for mark in _MARKS.values()):
        return rewritten(code, own)
    new = rewritten(_ESCAPE.sub(lambda found: _MARKS.get(found[0], found[0]), code), own)
    for escape, mark in _MARKS.items():
        new = new.replace(mark, escape)
    return new


def rewritten(text: str, own: Set[str] = frozenset()) -> str:
    """Return the template with the removed names replaced, all else as it was.

    Args:
        text: the template.
        own: names that the DAG defines itself; a template that takes a removed name of Airflow's
            from them stays as it is.
    """
    used = names(text)
    replaced = used & REPLACED_IN_TEMPLATES.keys()
    if replaced & own or (not replaced and not gone_attributes(text)):
        return text
    if _DOUBLED.search(text):
        return _DOUBLED.sub(lambda found: _rewritten_double(found[0]), text)
    return _rewritten(text)


def _rewritten_double(text: str) -> str:
    fields: list[str] = []

    def keep(found: re.Match[str]) -> str:
        fields.append(found[0])
        return HOLE.format(len(fields) - 1)

    whole = _single(_FIELD.sub(keep, text))
    changed = _rewritten(whole)
    if changed == whole:
        return text
    changed = changed.replace("{", "{{").replace("}", "}}")
    return re.sub(HOLE.format(r"(\d+)"), lambda found: fields[int(found[1])], changed)


def _rewritten(text: str) -> str:
    # The lexer knows one kind of line end only; replacements hold none, so each keeps its own.
    ends = re.findall(r"\r\n|\r|\n", text)
    flat = re.sub(r"\r\n|\r", "\n", text)
    pieces, at = [], 0
    for start, end, new in _edits(flat):
        pieces += [flat[at:start], new]
        at = end
    lines = ("".join(pieces) + flat[at:]).split("\n")
    return "".join(line + end for line, end in zip(lines, [*ends, ""], strict=True))


def _edits(text: str) -> Iterator[tuple[int, int, str]]:
    tokens = [token for token in _tokens(text) if token.kind != "whitespace"]
    padded = [_Token("", "", 0), *tokens, *[_Token("", "", 0)] * 2]
    free = names(text)
    for before, token, dot, attribute in zip(
        padded, padded[1:], padded[2:], padded[3:], strict=False
    ):
        if token.kind != "name" or before.text in {".", "|"} or token.text not in free:
            continue
        if token.text in REPLACED_IN_TEMPLATES and dot.text != "=":
            yield token.start, token.end, REPLACED_IN_TEMPLATES[token.text]
        elif (token.text, dot.text, attribute.text) == ("dag_run", ".", "execution_date"):
            yield attribute.start, attribute.end, "logical_date"
        elif dot.text == "." and attribute.text == "execution_date" and OWNERS.get(token.text):
            yield token.start, attribute.end, "logical_date"


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    for _, kind, value in _JINJA.lex(text):
        at = text.index(value, at)  # what `{%-` strips is in no token
        yield _Token(kind, value, at)
        at += len(value)
