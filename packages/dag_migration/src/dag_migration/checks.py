"""The project's own checks of one parsed file: what ruff's rules for Airflow 3 do not see."""

import ast
from collections.abc import Iterator, Set

from dag_migration import rules, templates
from dag_migration.analysis import Analysis
from dag_migration.context_keys import INTERVAL, INTERVAL_END, REMOVED
from dag_migration.context_uses import DAG_CALLS, ContextUses
from dag_migration.model import Finding

GONE_ARGUMENTS = {
    "default_view": "",
    "full_filepath": "",
    "orientation": "",
    "provide_context": ": the context is always passed",
    "schedule_interval": "; write schedule=...",
    "task_concurrency": "; write max_active_tis_per_dag=...",
    "xcom_push": "; write do_xcom_push=...",
}
DAG_DECORATORS = {"airflow.sdk.dag", "airflow.decorators.dag"}
DATABASE = (
    "airflow.settings.Session",
    "airflow.settings.engine",
    "airflow.utils.db.provide_session",
    "airflow.utils.db.create_session",
    "airflow.utils.session.create_session",
    "airflow.utils.session.provide_session",
    "airflow.models.DagRun.find",
    "airflow.models.dagrun.DagRun.find",
    "airflow.api.common.experimental",
)


def code_findings(code: Analysis, beside: Set[str] = frozenset()) -> Iterator[Finding]:
    """Yield what is wrong in the code, its calls and the templates in its strings.

    Args:
        code: the migrated file.
        beside: the context names that the template files use which it names.
    """
    yield from _context(code)
    yield from _calls(code)
    yield from _dags(code, beside)
    yield from _database(code)
    for line, text in code.strings:
        if templates.is_template(text):
            yield from template_findings(text, line)


def template_findings(text: str, line: int = 0) -> Iterator[Finding]:
    """Yield what is wrong in a template."""
    for key in sorted(templates.names(text) & REMOVED.keys()):
        yield rules.TEMPLATE_KEY.at(line, key=key, instead=REMOVED[key])
    for owner, name in templates.gone_attributes(text):
        yield rules.ATTRIBUTE.at(line, owner=owner, name=name)
    if templates.pulls_without_task(text):
        yield rules.XCOM_PULL.at(line)


def _context(code: Analysis) -> Iterator[Finding]:
    uses = ContextUses(code)
    for line, key in uses.items():
        if key in REMOVED:
            yield rules.CONTEXT_KEY.at(line, key=key, instead=REMOVED[key])
    for _, argument in uses.parameters():
        key = argument.arg
        yield rules.CONTEXT_KEY.at(argument.lineno, key=key, instead=REMOVED[key])
    for line, owner, name in uses.attributes():
        yield rules.ATTRIBUTE.at(line, owner=owner, name=name)


def _calls(code: Analysis) -> Iterator[Finding]:
    for call in code.calls:
        name = code.qualified(call.func)
        for keyword in call.keywords:
            if keyword.arg in {"sla", "sla_miss_callback"}:
                yield rules.SLA.at(keyword.value.lineno, name=keyword.arg)
            elif keyword.arg in GONE_ARGUMENTS and takes_airflow_arguments(name):
                hint = GONE_ARGUMENTS[keyword.arg]
                yield rules.ARGUMENT.at(keyword.value.lineno, name=keyword.arg, hint=hint)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "xcom_pull":
            named = {keyword.arg for keyword in call.keywords}
            if not call.args and not named & {"task_ids", None}:
                yield rules.XCOM_PULL.at(call.lineno)
    for node in code.nodes:
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and key.value == "sla":
                    yield rules.SLA.at(key.lineno, name="sla")


def takes_airflow_arguments(name: str) -> bool:
    """Whether a call of this full name makes a DAG or a task."""
    return (
        name in DAG_CALLS
        or name in DAG_DECORATORS
        or name.endswith(("Operator", "Sensor", "ExternalTaskMarker"))
        or name.startswith(("airflow.sdk.task", "airflow.decorators.task"))
    )


def _dags(code: Analysis, beside: Set[str]) -> Iterator[Finding]:
    used = set(beside) | {name for _, text in code.strings for name in templates.names(text)}
    used |= {argument.arg for f in code.functions for argument in f.args.args}
    used |= {key for _, key in ContextUses(code).items()}
    for call in _dag_calls(code):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if None in given:  # **arguments may hold anything
            continue
        schedule = given.get("schedule", given.get("schedule_interval", given.get("timetable")))
        if schedule is None and len(call.args) < 3:
            yield rules.NO_SCHEDULE.at(call.lineno)
        if not isinstance(schedule, ast.Constant) or not isinstance(schedule.value, str):
            continue
        if "catchup" not in given:
            yield rules.CATCHUP.at(call.lineno)
        start, end = sorted(used & INTERVAL), sorted(used & INTERVAL_END)
        if start and end:
            yield rules.CRON_BOTH_ENDS.at(call.lineno, start=start[0], end=end[0])
        elif start:
            yield rules.CRON_INTERVAL.at(call.lineno, key=start[0])


def _dag_calls(code: Analysis) -> Iterator[ast.Call]:
    for call in code.calls:
        if code.qualified(call.func) in DAG_CALLS | DAG_DECORATORS:
            yield call
    for function in code.definitions:
        for decorator in function.decorator_list:
            if code.qualified(decorator) in DAG_DECORATORS:
                bare = ast.Call(func=decorator, args=[], keywords=[])
                yield ast.copy_location(bare, decorator)


def _database(code: Analysis) -> Iterator[Finding]:
    seen: set[tuple[int, str]] = set()
    for node in code.nodes:
        if not isinstance(node, (ast.Name, ast.Attribute)):
            continue
        name = code.qualified(node)
        if name.startswith(DATABASE) and (node.lineno, name) not in seen:
            seen.add((node.lineno, name))
            yield rules.DATABASE.at(node.lineno, name=name)
