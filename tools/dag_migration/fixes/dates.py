# ruff: noqa: D102, N802  (libcst calls these methods, and names them after its node classes)
"""`days_ago` as a pendulum date."""

import ast

import libcst as cst

from tools.dag_migration.analysis import Analysis
from tools.dag_migration.fixes.change import Change, module_of, one_import_a_line

DAYS_AGO = "airflow.utils.dates.days_ago"


class DaysAgo(Change):
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
        name = gone.get(module_of(updated_node), "")
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
        return one_import_a_line(updated_node)


def plain_days_ago(code: Analysis) -> bool:
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
