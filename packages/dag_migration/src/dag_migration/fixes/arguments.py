# ruff: noqa: D102, N802  (libcst calls these methods, and names them after its node classes)
"""Arguments and trigger rules that have a new name, or none: in calls, and in dicts for calls."""

import ast
from collections import Counter

import libcst as cst

from dag_migration.analysis import Analysis
from dag_migration.checks import takes_airflow_arguments
from dag_migration.fixes.change import Change

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
    "xcom_push": "do_xcom_push",
}
OF_TASKS = {"max_active_tis", "task_concurrency", "xcom_push"}
# Of one class only, by the end of its full name.
RENAMED_OF = {
    "BranchDateTimeOperator": {"use_task_execution_date": "use_task_logical_date"},
    "BranchDayOfWeekOperator": {"use_task_execution_day": "use_task_logical_date"},
    "DayOfWeekSensor": {"use_task_execution_day": "use_task_logical_date"},
    "ExternalTaskMarker": {"execution_date": "logical_date"},
    "KubernetesPodOperator": {"node_selectors": "node_selector"},
    "SQLExecuteQueryOperator": {"postgres_conn_id": "conn_id"},
    "TriggerDagRunOperator": {"execution_date": "logical_date"},
}
# `is_delete_operator_pod` is accepted and ignored.
ON_FINISH = {"False": '"keep_pod"', "True": '"delete_pod"'}
WORDS = {
    *DROPPED,
    *RENAMED,
    *TRIGGER_RULES,
    "default_var",
    "is_delete_operator_pod",
    "Variable",
}.union(*RENAMED_OF.values())


class Arguments(Change):
    """Renames and removes keyword arguments of DAGs and tasks, and renames trigger rules."""

    code = "MIG034"

    def __init__(self, code: Analysis) -> None:
        super().__init__(code)
        self.dicts = argument_dicts(code)

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        name = self.name(original_node.func)
        if name == "airflow.sdk.Variable.get":
            return self._default(original_node, updated_node)
        if name == "airflow.sdk.Variable.set":
            return self._text(original_node, updated_node)
        if not takes_airflow_arguments(name):
            return updated_node
        return self._changed_call(original_node, updated_node, name.rpartition(".")[2])

    def _default(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        """Give a default by its new name: ruff's fix does not, where an argument follows it."""
        kept = []
        names = {argument.keyword.value for argument in updated_node.args if argument.keyword}
        if "default" in names:
            return updated_node
        for argument in updated_node.args:
            if argument.keyword and argument.keyword.value == "default_var":
                self.note(original_node, "`default_var` is now called `default`")
                argument = argument.with_changes(keyword=cst.Name("default"))
            kept.append(argument)
        return updated_node.with_changes(args=kept)

    def _text(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        """Make a text of what is stored, as Airflow 2 did by itself and Airflow 3 does not."""
        kept = list(updated_node.args)
        names = [argument.keyword.value if argument.keyword else "" for argument in kept]
        place = names.index("value") if "value" in names else 1
        if (
            "serialize_json" in names
            or len(kept) > 3  # it may also be given by its place
            or len(kept) <= place
            or names[place] not in {"", "value"}
            or any(argument.star for argument in kept)
            or self._is_text(kept[place].value)
        ):
            return updated_node
        self.note(original_node, "What is stored is made a text, as Airflow 2 did")
        kept[place] = kept[place].with_changes(
            value=cst.Call(cst.Name("str"), [cst.Arg(kept[place].value)])
        )
        return updated_node.with_changes(args=kept)

    def _is_text(self, value: cst.BaseExpression) -> bool:
        if isinstance(value, cst.Call):
            name = self.name(value.func)
            return name in {"json.dumps", "str"} or name.endswith((".isoformat", ".strftime"))
        if isinstance(value, cst.BinaryOperation):  # "x" + y
            return self._is_text(value.left) or self._is_text(value.right)
        return isinstance(value, cst.BaseString)

    def _changed_call(
        self, original_node: cst.Call, updated_node: cst.Call, owner: str
    ) -> cst.Call:
        taken = {a.keyword.value for a in updated_node.args if a.keyword}
        kept = []
        for argument in updated_node.args:
            keyword = argument.keyword.value if argument.keyword else ""
            new = _new_name(keyword, owner)
            if new and new not in taken:
                self.note(original_node, f"`{keyword}` is now called `{new}`")
                kept.append(argument.with_changes(keyword=cst.Name(new)))
            elif keyword == "trigger_rule" and (rule := _trigger_rule(argument.value)):
                self.note(original_node, f"The trigger rule is now called {rule.value}")
                kept.append(argument.with_changes(value=rule))
            elif keyword == "is_delete_operator_pod" and (action := _on_finish(argument.value)):
                self.note(original_node, f"`{keyword}` is now `on_finish_action={action}`")
                value = cst.SimpleString(action)
                kept.append(
                    argument.with_changes(keyword=cst.Name("on_finish_action"), value=value)
                )
            elif isinstance(argument.value, cst.Dict) and (
                argument.star == "**" or keyword == "default_args"
            ):
                changed = self._changed_dict(original_node, argument.value, keyword == "")
                kept.append(argument.with_changes(value=changed))
            elif keyword == "default_args" and isinstance(argument.value, cst.Call):
                defaults = self._changed_defaults(original_node, argument.value)
                kept.append(argument.with_changes(value=defaults))
            else:
                kept.append(argument)
        return updated_node.with_changes(args=kept)

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:
        target, value = updated_node.targets[0].target, updated_node.value
        of_call = self.dicts.get(target.value) if isinstance(target, cst.Name) else None
        if of_call is None:
            return updated_node
        if isinstance(value, cst.Dict):
            new: cst.BaseExpression = self._changed_dict(original_node, value, of_call)
        elif isinstance(value, cst.Call) and of_call:
            new = self._changed_call(cst.ensure_type(original_node.value, cst.Call), value, "")
        elif isinstance(value, cst.Call):
            new = self._changed_defaults(original_node, value)
        else:
            return updated_node
        return updated_node.with_changes(value=new)

    def _changed_defaults(self, node: cst.CSTNode, value: cst.Call) -> cst.Call:
        """Change the arguments of `default_args=dict(...)` that are arguments of tasks."""
        if self.name(value.func) != "dict":
            return value
        kept = []
        names = {argument.keyword.value for argument in value.args if argument.keyword}
        for argument in value.args:
            old = argument.keyword.value if argument.keyword else ""
            if old in OF_TASKS and RENAMED[old] not in names:
                self.note(node, f"`{old}` is now called `{RENAMED[old]}`")
                argument = argument.with_changes(keyword=cst.Name(RENAMED[old]))
            elif old == "trigger_rule" and (rule := _trigger_rule(argument.value)):
                self.note(node, f"The trigger rule is now called {rule.value}")
                argument = argument.with_changes(value=rule)
            kept.append(argument)
        return value.with_changes(args=kept)

    def _changed_dict(self, node: cst.CSTNode, value: cst.Dict, of_call: bool) -> cst.Dict:
        """Change the keys of a dict; of `default_args` only what is an argument of tasks."""
        given = {
            str(e.key.raw_value)
            for e in value.elements
            if isinstance(e, cst.DictElement) and isinstance(e.key, cst.SimpleString)
        }
        kept = []
        for element in value.elements:
            key = element.key if isinstance(element, cst.DictElement) else None
            if not isinstance(key, cst.SimpleString):
                kept.append(element)
                continue
            old = str(key.raw_value)
            new = RENAMED.get(old, "")
            if new and new not in given and (of_call or old in OF_TASKS):
                self.note(node, f"`{old}` is now called `{new}`")
                renamed = key.with_changes(value=f"{key.quote}{new}{key.quote}")
                kept.append(element.with_changes(key=renamed))
            elif old == "trigger_rule" and (rule := _trigger_rule(element.value)):
                self.note(node, f"The trigger rule is now called {rule.value}")
                kept.append(element.with_changes(value=rule))
            else:
                kept.append(element)
        return value.with_changes(elements=kept)

    def leave_Attribute(
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.Attribute:
        old = updated_node.attr.value
        name = self.name(original_node)
        if old not in TRIGGER_RULES or not name.endswith(f"trigger_rule.TriggerRule.{old}"):
            return updated_node
        self.note(original_node, f"The trigger rule is now called {TRIGGER_RULES[old]}")
        return updated_node.with_changes(attr=cst.Name(TRIGGER_RULES[old]))


def argument_dicts(code: Analysis) -> dict[str, bool]:
    """Return the names whose dict is used for Airflow's arguments only: True as `**name`."""
    read = Counter(
        n.id for n in code.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    )
    uses: Counter[tuple[str, bool]] = Counter(
        (k.value.id, k.arg is None)
        for call in code.calls
        if takes_airflow_arguments(code.qualified(call.func))
        for k in call.keywords
        if isinstance(k.value, ast.Name) and k.arg in {None, "default_args"}
    )
    # defaults that other files import are known by their name
    names = {n.id for n in code.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    shared = {name for name in names if name.lower().endswith("default_args") and not read[name]}
    return dict.fromkeys(shared, False) | {
        name: whole for (name, whole), count in uses.items() if read[name] == count
    }


def _new_name(keyword: str, owner: str) -> str:
    return RENAMED_OF.get(owner, {}).get(keyword) or RENAMED.get(keyword, "")


def _on_finish(value: cst.BaseExpression) -> str:
    return ON_FINISH.get(value.value, "") if isinstance(value, cst.Name) else ""


def _trigger_rule(value: cst.BaseExpression) -> cst.SimpleString | None:
    if isinstance(value, cst.SimpleString) and value.raw_value in TRIGGER_RULES:
        return value.with_changes(
            value=f"{value.quote}{TRIGGER_RULES[value.raw_value]}{value.quote}"
        )
    return None
