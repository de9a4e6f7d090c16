# ruff: noqa: D102, N802  (libcst calls these methods, and names them after its node classes)
"""`days_ago` as a pendulum date."""

import ast

import libcst as cst

from dag_migration.analysis import Analysis
from dag_migration.fixes.change import InsideStrings, module_of, one_import_a_line

DATES = "airflow.utils.dates"
DAYS_AGO = f"{DATES}.days_ago"
TIMES = {"hour", "minute", "second", "microsecond"}


class DaysAgo(InsideStrings):
    """`days_ago(2)` becomes what Airflow's own release notes name as its replacement."""

    code = "AIR301"

    def __init__(self, code: Analysis) -> None:
        super().__init__(code)
        self.imported = "pendulum" in {i.local for i in code.imports}

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        if self.name(original_node.func) != DAYS_AGO:
            return updated_node
        days, *times = sorted(updated_node.args, key=_is_time)
        code = cst.Module([]).code_for_node(days.value)
        offset = f"-{code}" if isinstance(days.value, (cst.Integer, cst.Name)) else f"-({code})"
        self.note(original_node, f"`days_ago({code})` is now a pendulum date")
        quote = self.quotes or '"'
        date = f"pendulum.today({quote}UTC{quote}).add(days={offset})"
        if times:
            words = (cst.Module([]).code_for_node(time.value) for time in times)
            names = (time.keyword.value if time.keyword else "" for time in times)
            pairs = (f"{name}={word}" for name, word in zip(names, words, strict=True))
            date += f".replace({', '.join(pairs)})"
        return cst.parse_expression(date)

    def leave_Import(
        self, original_node: cst.Import, updated_node: cst.Import
    ) -> "cst.BaseSmallStatement | cst.FlattenSentinel[cst.BaseSmallStatement]":
        airflow = any(
            cst.Module([]).code_for_node(a.name).startswith("airflow") for a in updated_node.names
        )
        if self.imported or not airflow:
            return updated_node
        self.imported = True
        return cst.FlattenSentinel(
            [cst.Import([cst.ImportAlias(cst.Name("pendulum"))]), updated_node]
        )

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> (
        "cst.BaseSmallStatement | cst.FlattenSentinel[cst.BaseSmallStatement] | cst.RemovalSentinel"
    ):
        gone = {DATES: "days_ago", "airflow.utils": "dates"}
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


def _is_time(argument: cst.Arg) -> bool:
    return argument.keyword is not None and argument.keyword.value in TIMES


def plain_days_ago(code: Analysis) -> bool:
    """Whether days_ago is called, never handed on, and its import can go with the calls."""
    uses = [
        node
        for node in code.nodes
        if isinstance(node, (ast.Name, ast.Attribute)) and code.qualified(node) == DAYS_AGO
    ]
    calls = [call for call in code.calls if code.qualified(call.func) == DAYS_AGO]
    modules = [n for n in code.nodes if isinstance(n, ast.Name) and code.qualified(n) == DATES]
    through_module = [c for c in calls if isinstance(c.func, ast.Attribute)]
    imported = [i for i in code.imports if i.qualified in {DATES, DAYS_AGO}]
    return (
        bool(calls)
        and len(uses) == len(calls)
        and (not modules or len(modules) == len(through_module))
        and not any(i.in_function for i in imported)
        and all(_plain(call) for call in calls)
    )


def _plain(call: ast.Call) -> bool:
    words = [keyword.arg for keyword in call.keywords]
    days = len(call.args) + words.count("n")
    return days == 1 and {word for word in words if word != "n"} <= TIMES
