# ruff: noqa: N802  (libcst names its methods after its node classes)
"""Automatic changes beyond ruff's, made on the concrete syntax tree: layout and comments stay."""

import ast
import difflib
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, cast

import libcst as cst
from libcst.metadata import (
    BaseMetadataProvider,
    MetadataWrapper,
    PositionProvider,
    QualifiedNameProvider,
)

from tools.dag_migration import templates
from tools.dag_migration.analysis import Analysis
from tools.dag_migration.checks import takes_airflow_arguments
from tools.dag_migration.model import Fix

DROPPED = {"default_view", "full_filepath", "orientation", "provide_context"}
TRIGGER_RULES = {
    "DUMMY": "ALWAYS",
    "NONE_FAILED_OR_SKIPPED": "NONE_FAILED_MIN_ONE_SUCCESS",
    "dummy": "always",
    "none_failed_or_skipped": "none_failed_min_one_success",
}
RENAMED = {
    "concurrency": "max_active_tasks",
    "fail_stop": "fail_fast",
    "max_active_tis": "max_active_tis_per_dag",
    "schedule_interval": "schedule",
    "task_concurrency": "max_active_tis_per_dag",
    "timetable": "schedule",
}
DAYS_AGO = "airflow.utils.dates.days_ago"


class Moves(NamedTuple):
    """What to do with names that Airflow 3 does not have where they are imported from."""

    homes: Mapping[tuple[str, str], str]  # (module, name): the module that has it now
    unused: frozenset[tuple[str, str]]  # imported, gone and never used


def fixed(text: str) -> tuple[str, list[Fix]]:
    """Return the text with what can be changed safely changed, and the changes."""
    fixes: list[Fix] = []
    changes: list[_Change] = []
    if any(word in text for word in (*DROPPED, *RENAMED, *TRIGGER_RULES)):
        changes.append(_Arguments())
    if "days_ago" in text and _plain_days_ago(Analysis(text)):
        changes.append(_DaysAgo("pendulum" in {i.local for i in Analysis(text).imports}))
    if "execution_date" in text:
        changes.append(_ContextKeys())
    if templates.is_template(text):
        changes.append(_Templates())
    for change in changes:
        text = _applied(change, text, fixes)
    return text, fixes


def moved(text: str, moves: Moves) -> tuple[str, list[Fix]]:
    """Return the text with imports taken from where the names are now."""
    fixes: list[Fix] = []
    if moves.homes or moves.unused:
        text = _applied(_Imports(moves), text, fixes)
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


class _Change(cst.CSTTransformer):
    """A transformer that records what it changes, by line."""

    METADATA_DEPENDENCIES: ClassVar[tuple[type[BaseMetadataProvider[Any]], ...]] = (
        PositionProvider,
        QualifiedNameProvider,
    )
    code = ""

    def __init__(self) -> None:
        super().__init__()
        self.fixes: list[Fix] = []

    def note(self, node: cst.CSTNode, message: str) -> None:
        line = self.get_metadata(PositionProvider, node).start.line
        self.fixes.append(Fix(code=self.code, line=line, message=message))

    def name(self, node: cst.CSTNode) -> str:
        found = self.get_metadata(QualifiedNameProvider, node, set())
        return min((item.name for item in found), default="")


def _applied(change: _Change, text: str, fixes: list[Fix]) -> str:
    module = cst.parse_module(text)
    result = MetadataWrapper(module, unsafe_skip_copy=True).visit(change).code
    fixes += change.fixes
    return result if change.fixes else text


class _Arguments(_Change):
    code = "MIG034"

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        if not takes_airflow_arguments(self.name(original_node.func)):
            return updated_node
        kept = []
        for argument in updated_node.args:
            keyword = argument.keyword.value if argument.keyword else ""
            if keyword in RENAMED:
                self.note(original_node, f"`{keyword}` is now called `{RENAMED[keyword]}`")
                kept.append(argument.with_changes(keyword=cst.Name(RENAMED[keyword])))
            elif keyword in DROPPED:
                self.note(original_node, f"Removed the argument `{keyword}`")
            elif keyword == "trigger_rule" and (rule := _trigger_rule(argument.value)):
                self.note(original_node, f"The trigger rule is now called {rule.value}")
                kept.append(argument.with_changes(value=rule))
            else:
                kept.append(argument)
        if len(kept) < len(updated_node.args) and kept and updated_node.args[-1] not in kept:
            kept[-1] = kept[-1].with_changes(comma=updated_node.args[-1].comma)
        return updated_node.with_changes(args=kept)

    def leave_Attribute(
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.Attribute:
        old = updated_node.attr.value
        name = self.name(original_node)
        if old not in TRIGGER_RULES or not name.endswith(f"trigger_rule.TriggerRule.{old}"):
            return updated_node
        self.note(original_node, f"The trigger rule is now called {TRIGGER_RULES[old]}")
        return updated_node.with_changes(attr=cst.Name(TRIGGER_RULES[old]))


def _trigger_rule(value: cst.BaseExpression) -> cst.SimpleString | None:
    if isinstance(value, cst.SimpleString) and value.raw_value in TRIGGER_RULES:
        return value.with_changes(
            value=f"{value.quote}{TRIGGER_RULES[value.raw_value]}{value.quote}"
        )
    return None


class _DaysAgo(_Change):
    """`days_ago(2)` becomes what Airflow's own release notes name as its replacement."""

    code = "AIR301"

    def __init__(self, pendulum_imported: bool) -> None:
        super().__init__()
        self.imported = pendulum_imported

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        if self.name(original_node.func) != DAYS_AGO:
            return updated_node
        days = updated_node.args[0].value
        code = cst.Module([]).code_for_node(days)
        offset = f"-{code}" if isinstance(days, (cst.Integer, cst.Name)) else f"-({code})"
        self.note(original_node, f"`days_ago({code})` is now a pendulum date")
        return cst.parse_expression(f'pendulum.today("UTC").add(days={offset})')

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> (
        "cst.BaseSmallStatement | cst.FlattenSentinel[cst.BaseSmallStatement] | cst.RemovalSentinel"
    ):
        gone = {"airflow.utils.dates": "days_ago", "airflow.utils": "dates"}
        name = gone.get(_module(updated_node), "")
        if isinstance(updated_node.names, cst.ImportStar) or name not in {
            alias.name.value for alias in updated_node.names
        }:
            return updated_node
        kept = [alias for alias in updated_node.names if alias.name.value != name]
        new: list[cst.BaseSmallStatement] = []
        if not self.imported:
            self.imported = True
            new.append(cst.Import([cst.ImportAlias(cst.Name("pendulum"))]))
        if kept:
            kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            new.append(updated_node.with_changes(names=kept))
        return cst.FlattenSentinel(new) if new else cst.RemoveFromParent()

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> "cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]":
        return _one_import_a_line(updated_node)


def _plain_days_ago(code: Analysis) -> bool:
    """Whether the dates module is used for days_ago alone, with the number of days alone."""
    uses = [
        n
        for n in code.nodes
        if isinstance(n, ast.Name) and code.qualified(n).startswith("airflow.utils.dates")
    ]
    calls = [c for c in code.calls if code.qualified(c.func) == DAYS_AGO]
    imported = [i for i in code.imports if i.qualified.startswith("airflow.utils.dates")]
    return (
        bool(calls)
        and len(uses) == len(calls)
        and all(i.name in {"days_ago", "dates"} and not i.in_function for i in imported)
        and all(len(call.args) == 1 and not call.keywords for call in calls)
    )


class _ContextKeys(_Change):
    code = "MIG020"

    def __init__(self) -> None:
        super().__init__()
        self.bags: list[set[str]] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        bags = {p.name.value for p in node.params.params if p.name.value in {"context", "ctx"}}
        if isinstance(node.params.star_kwarg, cst.Param):
            bags.add(node.params.star_kwarg.name.value)
        self.bags.append(bags)

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        self.bags.pop()
        return updated_node

    def leave_Subscript(
        self, original_node: cst.Subscript, updated_node: cst.Subscript
    ) -> cst.Subscript:
        index = updated_node.slice[0].slice
        if self._is_bag(updated_node.value) and isinstance(index, cst.Index):
            key = self._renamed(original_node, index.value)
            new = updated_node.slice[0].with_changes(slice=index.with_changes(value=key))
            return updated_node.with_changes(slice=[new])
        return updated_node

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        function = updated_node.func
        if (
            isinstance(function, cst.Attribute)
            and function.attr.value in {"get", "pop"}
            and updated_node.args
            and self._is_bag(function.value)
        ):
            first, *rest = updated_node.args
            key = self._renamed(original_node, first.value)
            return updated_node.with_changes(args=[first.with_changes(value=key), *rest])
        return updated_node

    def _is_bag(self, node: cst.BaseExpression) -> bool:
        return isinstance(node, cst.Name) and any(node.value in bags for bags in self.bags)

    def _renamed(self, node: cst.CSTNode, key: cst.BaseExpression) -> cst.BaseExpression:
        if isinstance(key, cst.SimpleString) and key.raw_value == "execution_date":
            self.note(node, "The context key `execution_date` is now `logical_date`")
            return key.with_changes(value=f"{key.quote}logical_date{key.quote}")
        return key


class _Templates(_Change):
    code = "MIG021"

    def visit_Expr(self, node: cst.Expr) -> bool:
        return not isinstance(node.value, (cst.SimpleString, cst.ConcatenatedString))

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        return False  # its braces are doubled

    def leave_SimpleString(
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.SimpleString:
        if not templates.is_template(updated_node.value):
            return updated_node
        new = templates.rewritten(updated_node.value)
        if new == updated_node.value:
            return updated_node
        self.note(original_node, "Removed template variables are written with `logical_date`")
        return updated_node.with_changes(value=new)


class _Imports(_Change):
    METADATA_DEPENDENCIES: ClassVar[tuple[type[BaseMetadataProvider[Any]], ...]] = (
        PositionProvider,
    )
    code = "MIG010"

    def __init__(self, moves: Moves) -> None:
        super().__init__()
        self.moves = moves

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> (
        "cst.BaseSmallStatement | cst.FlattenSentinel[cst.BaseSmallStatement] | cst.RemovalSentinel"
    ):
        module = _module(updated_node)
        if not module or isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        kept: list[cst.ImportAlias] = []
        homes: dict[str, list[cst.ImportAlias]] = {}
        for alias in updated_node.names:
            key = (module, str(alias.name.value))
            if key in self.moves.unused:
                self.note(original_node, f"Removed `{module}.{key[1]}`: gone, and not used here")
            elif home := self.moves.homes.get(key):
                self.note(original_node, f"`{key[1]}` is imported from {home}, not {module}")
                homes.setdefault(home, []).append(alias)
            else:
                kept.append(alias)
        if len(kept) == len(updated_node.names):
            return updated_node
        new = [_import_from(home, aliases) for home, aliases in homes.items()]
        if kept:
            # inside parentheses the last comma and its line break stay as they were
            last = updated_node.names[-1].comma if updated_node.lpar else cst.MaybeSentinel.DEFAULT
            kept[-1] = kept[-1].with_changes(comma=last)
            new.insert(0, updated_node.with_changes(names=kept))
        return cst.FlattenSentinel(new) if new else cst.RemoveFromParent()

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> "cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]":
        return _one_import_a_line(updated_node)


def _import_from(home: str, aliases: list[cst.ImportAlias]) -> cst.ImportFrom:
    module = cast("cst.Attribute | cst.Name", cst.parse_expression(home))
    return cst.ImportFrom(module, _closed(aliases))


def _closed(aliases: list[cst.ImportAlias]) -> list[cst.ImportAlias]:
    return [*aliases[:-1], aliases[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)]


def _one_import_a_line(
    line: cst.SimpleStatementLine,
) -> "cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]":
    if len(line.body) < 2 or not all(
        isinstance(s, (cst.Import, cst.ImportFrom)) for s in line.body
    ):
        return line
    parts = [s.with_changes(semicolon=cst.MaybeSentinel.DEFAULT) for s in line.body]
    first = line.with_changes(body=parts[:1])
    return cst.FlattenSentinel([first, *(cst.SimpleStatementLine([s]) for s in parts[1:])])


def _module(statement: cst.ImportFrom) -> str:
    if statement.module is None or statement.relative:
        return ""
    return cst.Module([]).code_for_node(statement.module)
