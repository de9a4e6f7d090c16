"""The project's own checks of one parsed file: what ruff's rules for Airflow 3 do not see."""

import ast
from collections.abc import Iterator, Set

from dag_migration import rules, templates
from dag_migration.analysis import Analysis
from dag_migration.context_keys import INTERVAL, INTERVAL_END, REMOVED
from dag_migration.context_uses import ContextUses
from dag_migration.model import Finding
from dag_migration.schedules import DAG_CALLS, DAG_DECORATORS, Kind, Scheduled, scheduled

GONE_ARGUMENTS = {
    "default_view": "",
    "full_filepath": "",
    "orientation": "",
    "provide_context": ": the context is always passed",
    "schedule_interval": "; write schedule=...",
    "task_concurrency": "; write max_active_tis_per_dag=...",
    "xcom_push": "; write do_xcom_push=...",
}
DATABASE = (
    "airflow.settings.Session",
    "airflow.settings.engine",
    "airflow.utils.db.provide_session",
    "airflow.utils.db.create_session",
    "airflow.utils.session.create_session",
    "airflow.utils.session.provide_session",
    "airflow.api.common.experimental",
)
# Classes of the database: what is called on them asks it; as an annotation they are harmless.
ORM = {
    "DagBag",
    "DagModel",
    "DagRun",
    "DagTag",
    "ImportError",
    "Log",
    "Pool",
    "SerializedDagModel",
    "SlaMiss",
    "TaskFail",
    "TaskInstance",
    "TaskReschedule",
    "Trigger",
    "XCom",
}
DATES = {"data_interval_end", "data_interval_start", "execution_date", "logical_date"}
ORM_HOMES = ("airflow.models.", "airflow.jobs.")
REPEATED = {Kind.CRON, Kind.DELTA, Kind.DEFAULT}


def code_findings(
    code: Analysis,
    beside: Set[str] = frozenset(),
    *,
    airflow2: bool = True,
    catchup: bool = True,
    keeps_intervals: bool | None = None,
) -> Iterator[Finding]:
    """Yield what is wrong in the code, its calls and the templates in its strings.

    Args:
        code: the migrated file.
        beside: the context names that other files use for it: templates, modules it imports.
        airflow2: whether it was written for Airflow 2: then its DAGs run as they did there.
        catchup: whether Airflow 2 made up for missed runs by default.
        keeps_intervals: whether Airflow read its DAGs, and each keeps the old meaning of dates.
    """
    own = own_macros(code)
    yield from _context(code)
    yield from _calls(code)
    if airflow2:
        yield from _dags(code, beside, catchup, keeps_intervals)
    yield from _database(code)
    for line, text in code.strings:
        if templates.is_template(text):
            yield from template_findings(text, line, own)


def template_findings(text: str, line: int = 0, own: Set[str] = frozenset()) -> Iterator[Finding]:
    """Yield what is wrong in a template; `own` are names that the DAG itself gives to it."""
    for key in sorted(templates.names(text) & REMOVED.keys() - own):
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
        pushes = isinstance(call.func, ast.Attribute) and call.func.attr == "xcom_push"
        if pushes and "execution_date" in {keyword.arg for keyword in call.keywords}:
            yield rules.ARGUMENT.at(call.lineno, name="execution_date", hint="")
        if name.endswith(".V1Volume") and "configs" in {k.arg for k in call.keywords}:
            hint = "; name the kind of volume, as persistent_volume_claim=..."
            yield rules.ARGUMENT.at(call.lineno, name="configs", hint=hint)
    for call in own_xcoms(code):
        name = ast.unparse(call.func).rpartition(".")[2]
        yield rules.ATTRIBUTE.at(call.lineno, owner="self", name=name)
    for node in code.nodes:
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and key.value == "sla":
                    yield rules.SLA.at(key.lineno, name="sla")


def own_xcoms(code: Analysis) -> Iterator[ast.Call]:
    """Yield each call of `self.xcom_push` or `self.xcom_pull` in a class that only Airflow fills.

    Another base may have methods of these names, and the class may set them.
    """
    for owner in code.nodes:
        if not isinstance(owner, ast.ClassDef) or not owner.bases:
            continue
        if not all(code.qualified(base).startswith("airflow.") for base in owner.bases):
            continue
        inside = list(ast.walk(owner))
        own = {n.name for n in inside if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
        own |= {
            n.attr if isinstance(n, ast.Attribute) else n.id
            for n in inside
            if isinstance(n, ast.Attribute | ast.Name) and isinstance(n.ctx, ast.Store)
        }
        for call in inside:
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                method = ast.unparse(call.func)
                if method in {"self.xcom_pull", "self.xcom_push"} and method[5:] not in own:
                    yield call


def takes_airflow_arguments(name: str) -> bool:
    """Whether a call of this full name makes a DAG or a task."""
    return (
        name in DAG_CALLS
        or name in DAG_DECORATORS
        or name.endswith(("Operator", "Sensor", "ExternalTaskMarker"))
        or name.startswith(("airflow.sdk.task", "airflow.decorators.task"))
    )


def used_names(code: Analysis) -> set[str]:
    """Return the names of the context that the code and the templates of a file may read."""
    used = {name for _, text in code.strings for name in templates.names(text)}
    used |= {argument.arg for f in code.functions for argument in f.args.args}
    used |= {n.attr for n in code.nodes if isinstance(n, ast.Attribute) and n.attr in DATES}
    used |= {word for _, text in code.strings if "{{" in text for word in DATES if word in text}
    return used | {key for _, key in ContextUses(code).items()}


def own_macros(code: Analysis) -> frozenset[str]:
    """Return the names that a file gives to its templates by `user_defined_macros`."""
    return frozenset(
        str(key.value)
        for call in code.calls
        for keyword in call.keywords
        if keyword.arg == "user_defined_macros" and isinstance(keyword.value, ast.Dict)
        for key in keyword.value.keys
        if isinstance(key, ast.Constant)
    )


def _dags(
    code: Analysis, beside: Set[str], catchup: bool, keeps_intervals: bool | None
) -> Iterator[Finding]:
    used = (used_names(code) | beside) - own_macros(code)
    for dag in scheduled(code):
        if dag.kind is Kind.DEFAULT and not dag.opaque:
            yield rules.NO_SCHEDULE.at(dag.call.lineno)
        if catchup and dag.repeats and not dag.has_catchup:
            yield rules.CATCHUP.at(dag.call.lineno)
        if (dag.kind is Kind.UNKNOWN and not keeps_intervals) or dag.kind in REPEATED:
            yield from _dates(dag, used)
        elif dag.kind is Kind.ASSETS and (keys := sorted(used & (INTERVAL | INTERVAL_END))):
            yield rules.ASSET_DATE.at(dag.call.lineno, key=keys[0])


def _dates(dag: Scheduled, used: Set[str]) -> Iterator[Finding]:
    start, end = sorted(used & INTERVAL), sorted(used & INTERVAL_END)
    if start and end:
        yield rules.CRON_BOTH_ENDS.at(dag.call.lineno, start=start[0], end=end[0])
    elif start:
        yield rules.CRON_INTERVAL.at(dag.call.lineno, key=start[0])


def _database(code: Analysis) -> Iterator[Finding]:
    seen: set[tuple[int, str]] = set()
    asked = {id(call.func) for call in code.calls}
    asked |= {id(n.value) for n in code.nodes if isinstance(n, ast.Attribute)}
    for node in code.nodes:
        if not isinstance(node, (ast.Name, ast.Attribute)):
            continue
        name = code.qualified(node)
        is_orm = name.startswith(ORM_HOMES) and name.rpartition(".")[2] in ORM and id(node) in asked
        if (is_orm or name.startswith(DATABASE)) and (node.lineno, name) not in seen:
            seen.add((node.lineno, name))
            yield rules.DATABASE.at(node.lineno, name=name)
