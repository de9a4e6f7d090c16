# ruff: noqa: D102, N802  (libcst calls these methods, and names them after its node classes)
"""Arguments and trigger rules that have a new name, or none."""

import libcst as cst

from tools.dag_migration.checks import takes_airflow_arguments
from tools.dag_migration.fixes.change import Change

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


class Arguments(Change):
    """Renames and removes keyword arguments of DAGs and tasks, and renames trigger rules."""

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
