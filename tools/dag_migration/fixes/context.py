# ruff: noqa: D102, N802  (libcst calls these methods, and names them after its node classes)
"""Removed names of the task context, in code and in templates."""

import libcst as cst

from tools.dag_migration import templates
from tools.dag_migration.fixes.change import Change


class ContextKeys(Change):
    """`context["execution_date"]` becomes `context["logical_date"]`."""

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


class Templates(Change):
    """Rewrites removed names in strings that are templates; not in docstrings and f-strings."""

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
