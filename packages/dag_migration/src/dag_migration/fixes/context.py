# ruff: noqa: D102, N802  (libcst calls these methods, and names them after its node classes)
"""Removed names of the task context, in code and in templates."""

import re
from collections.abc import Set

import libcst as cst
from libcst.metadata import PositionProvider

from dag_migration import templates
from dag_migration.analysis import Analysis
from dag_migration.context_keys import COMPUTED, OWNERS, RENAMED
from dag_migration.context_uses import ContextUses
from dag_migration.fixes.change import Change, InsideStrings

KEYS = (*RENAMED, *COMPUTED)


class ContextKeys(InsideStrings):
    """Keys, parameters and attributes of the context take their successors' names."""

    code = "MIG020"

    def __init__(self, code: Analysis) -> None:
        super().__init__()
        uses = ContextUses(code)
        self.by_line = {f.lineno: uses.bags(f) for f in code.functions if hasattr(f, "name")}
        self.renames_by_line = uses.renames()
        self.current = uses.current
        named = [f for f in code.functions if hasattr(f, "name")]
        self.filled_by_line = {f.lineno: uses.filled(f) for f in named}
        self.runs_by_line = {
            f.lineno: {n for n, owner in uses.owned(f).items() if owner == "dag_run"} for f in named
        }
        self.bags: list[set[str]] = []
        self.filled: list[frozenset[str]] = []
        self.runs: list[set[str]] = []
        self.renames: list[dict[str, str]] = [{}]

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        line = self.get_metadata(PositionProvider, node.name).start.line
        self.bags.append(self.by_line.get(line, set()))
        self.filled.append(self.filled_by_line.get(line, frozenset()))
        self.runs.append(self.runs_by_line.get(line, set()))
        renames = self.renames_by_line.get(line, {})
        for old, new in renames.items():
            self.note(node.name, f"The parameter `{old}` is now `{new}`")
        self.renames.append(self.renames[-1] | renames)

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        self.bags.pop()
        self.filled.pop()
        self.runs.pop()
        self.renames.pop()
        return updated_node.with_changes(name=original_node.name)

    def visit_Lambda(self, node: cst.Lambda) -> None:
        star = node.params.star_kwarg
        bags = {star.name.value} if isinstance(star, cst.Param) else set()
        names = {parameter.name.value for parameter in node.params.params}
        self.bags.append(bags | names & {"context", "ctx"})
        self.filled.append(frozenset())
        self.runs.append(set())

    def leave_Lambda(self, original_node: cst.Lambda, updated_node: cst.Lambda) -> cst.Lambda:
        self.bags.pop()
        self.filled.pop()
        self.runs.pop()
        return updated_node

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        return updated_node.with_changes(
            value=self.renames[-1].get(updated_node.value, updated_node.value)
        )

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Attribute(
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.BaseExpression:
        updated_node = updated_node.with_changes(attr=original_node.attr)
        if updated_node.attr.value != "execution_date":
            return updated_node
        owner = updated_node.value
        if isinstance(owner, cst.Name) and any(owner.value in names for names in self.runs):
            self.note(original_node, "`dag_run.execution_date` is now `dag_run.logical_date`")
            return updated_node.with_changes(attr=cst.Name("logical_date"))
        if isinstance(owner, cst.Subscript) and self._is_bag(owner.value):
            key = _text(owner.slice[0].slice)
            if OWNERS.get(key) == "dag_run":
                self.note(original_node, "`dag_run.execution_date` is now `dag_run.logical_date`")
                return updated_node.with_changes(attr=cst.Name("logical_date"))
            if OWNERS.get(key) == "ti":
                self.note(original_node, "`ti.execution_date` is now `logical_date`")
                return _item(owner.value, "logical_date", self.quotes)
        return updated_node

    def leave_Subscript(
        self, original_node: cst.Subscript, updated_node: cst.Subscript
    ) -> cst.BaseExpression:
        key = _text(updated_node.slice[0].slice)
        if key not in KEYS or not self._is_bag(updated_node.value) or self._own(key):
            return updated_node
        if key in COMPUTED:
            return self._computed(original_node, updated_node.value, key)
        self.note(original_node, f"The context key `{key}` is now `{RENAMED[key]}`")
        old = cst.ensure_type(updated_node.slice[0].slice, cst.Index)
        index = old.with_changes(value=_renamed(old.value, RENAMED[key]))
        return updated_node.with_changes(slice=[updated_node.slice[0].with_changes(slice=index)])

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        function = updated_node.func
        if (
            not isinstance(function, cst.Attribute)
            or function.attr.value not in {"get", "pop"}
            or not updated_node.args
            or not self._is_bag(function.value)
        ):
            return updated_node
        first, *rest = updated_node.args
        key = _text(first.value)
        if self._own(key):
            return updated_node
        if key in COMPUTED and not rest:
            return self._computed(original_node, function.value, key)
        if key not in RENAMED:
            return updated_node
        self.note(original_node, f"The context key `{key}` is now `{RENAMED[key]}`")
        first = first.with_changes(value=_renamed(first.value, RENAMED[key]))
        return updated_node.with_changes(args=[first, *rest])

    def _computed(self, node: cst.CSTNode, bag: cst.BaseExpression, key: str) -> cst.BaseExpression:
        name, call = COMPUTED[key]
        if self.quotes:
            call = call.replace('"', self.quotes)
        self.note(node, f"The context key `{key}` is now computed from `{name}`")
        code = cst.Module([]).code_for_node(_item(bag, name, self.quotes))
        return cst.parse_expression(code + call)

    def _own(self, key: str) -> bool:
        """Whether the file itself hands this key over: then it is not that of the context."""
        return bool(self.filled) and key in self.filled[-1]

    def _is_bag(self, node: cst.BaseExpression) -> bool:
        if isinstance(node, cst.Call):
            return isinstance(node.func, cst.Name) and node.func.value == "get_current_context"
        return isinstance(node, cst.Name) and (
            node.value in self.current or any(node.value in bags for bags in self.bags)
        )


def _item(bag: cst.BaseExpression, key: str, quotes: str) -> cst.Subscript:
    index = cst.Index(cst.SimpleString(f"{quotes or chr(34)}{key}{quotes or chr(34)}"))
    return cst.Subscript(bag, [cst.SubscriptElement(index)])


def _text(node: cst.CSTNode) -> str:
    value = node.value if isinstance(node, cst.Index) else node
    return str(value.raw_value) if isinstance(value, cst.SimpleString) else ""


def _renamed(key: cst.BaseExpression, new: str) -> cst.SimpleString:
    old = cst.ensure_type(key, cst.SimpleString)
    return old.with_changes(value=f"{old.prefix}{old.quote}{new}{old.quote}")


class Templates(Change):
    """Rewrites removed names in strings that are templates; not in docstrings."""

    code = "MIG021"

    def __init__(self, own: Set[str] = frozenset()) -> None:
        """Prepare the change of one file.

        Args:
            own: names that the file gives to its templates itself, by `user_defined_macros`.
        """
        super().__init__()
        self.own = own

    def visit_Expr(self, node: cst.Expr) -> bool:
        return not isinstance(node.value, (cst.SimpleString, cst.ConcatenatedString))

    def leave_SimpleString(
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.SimpleString:
        new = self._rewritten(original_node, updated_node.value, "r" in updated_node.prefix)
        return updated_node.with_changes(value=new)

    def leave_FormattedString(
        self, original_node: cst.FormattedString, updated_node: cst.FormattedString
    ) -> cst.FormattedString:
        parts = list(updated_node.parts)
        holes = {templates.HOLE.format(f"f{i}"): part for i, part in enumerate(parts)}
        whole = "".join(
            part.value if isinstance(part, cst.FormattedStringText) else hole
            for hole, part in holes.items()
        )
        new = self._rewritten(original_node, whole, "r" in updated_node.prefix)
        if new == whole:
            return updated_node
        pieces = re.split("(" + templates.HOLE.format(r"f\d+") + ")", new)
        texts = (holes.get(piece) or cst.FormattedStringText(piece) for piece in pieces if piece)
        return updated_node.with_changes(parts=list(texts))

    def _rewritten(self, node: cst.CSTNode, text: str, raw: bool) -> str:
        rewrite = templates.rewritten if raw else templates.rewritten_literal
        new = rewrite(text, self.own) if templates.is_template(text) else text
        if new != text:
            self.note(node, "Removed template variables are written with their successors")
        return new
