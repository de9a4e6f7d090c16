"""How the DAGs of a file are scheduled, as far as its text tells."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from dag_migration.analysis import Analysis

DAG_CALLS = {"airflow.DAG", "airflow.sdk.DAG", "airflow.models.DAG", "airflow.models.dag.DAG"}
DAG_DECORATORS = {"airflow.sdk.dag", "airflow.decorators.dag"}
SCHEDULES = ("schedule", "schedule_interval", "timetable")
ASSETS = ("Asset", "AssetAlias", "AssetAll", "AssetAny", "Dataset", "DatasetAlias")
NOT_SCHEDULED = {"@once", "@continuous"}
UTC = {
    "airflow.utils.timezone.utc",
    "datetime.UTC",
    "datetime.timezone.utc",
    "pendulum.UTC",
    "pytz.UTC",
    "pytz.utc",
}
KEPT_ZONE = {"add", "end_of", "replace", "start_of", "subtract"}


class Kind(StrEnum):
    """What makes the runs of a DAG."""

    NEVER = "never"
    ONCE = "once"  # or all the time
    CRON = "cron"
    DELTA = "delta"
    ASSETS = "assets"
    TIMETABLE = "timetable"
    DEFAULT = "default"  # none given: each day in Airflow 2, never in Airflow 3
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Scheduled:
    """One DAG of a file: the call that makes it, and what that says about its runs."""

    call: ast.Call  # of a bare decorator one without arguments
    decorator: bool
    kind: Kind
    schedule: ast.expr | None
    has_catchup: bool
    opaque: bool  # it takes **arguments that the text does not tell
    timezone: str  # that of its start date; "" if the text does not tell
    may_have_start: bool  # false: neither it nor its default arguments have a start date

    @property
    def repeats(self) -> bool:
        """Whether Airflow 2 made up for missed runs by default."""
        return self.kind in {Kind.CRON, Kind.DELTA, Kind.TIMETABLE, Kind.DEFAULT, Kind.UNKNOWN}


def scheduled(code: Analysis) -> Iterator[Scheduled]:
    """Yield every DAG of a file that is made by a call of the class or by the decorator."""
    values = Values(code)
    decorators = {id(d) for f in code.definitions for d in f.decorator_list}
    for call in code.calls:
        if code.qualified(call.func) in DAG_CALLS | DAG_DECORATORS:
            yield _scheduled(call, code, values, id(call) in decorators)
    for function in code.definitions:
        for decorator in function.decorator_list:
            if code.qualified(decorator) in DAG_DECORATORS:
                bare = ast.copy_location(ast.Call(decorator, [], []), decorator)
                yield _scheduled(bare, code, values, True)


def _scheduled(call: ast.Call, code: Analysis, values: "Values", decorator: bool) -> Scheduled:
    given, opaque = values.arguments(call)
    schedule = next((given[name] for name in SCHEDULES if name in given), None)
    if schedule is None and len(call.args) > 2:
        schedule = call.args[2]
    start = given.get("start_date")
    defaults = values.entries(given["default_args"]) if "default_args" in given else {}
    if start is None and defaults is not None:
        start = defaults.get("start_date")
    zone = "" if defaults is None and start is None else _zone_of_date(start, code, values)
    kind = values.kind(schedule) if schedule is not None else Kind.DEFAULT
    if schedule is None and opaque:
        kind = Kind.UNKNOWN
    return Scheduled(
        call=call,
        decorator=decorator,
        kind=kind,
        schedule=schedule,
        has_catchup="catchup" in given,
        opaque=opaque,
        timezone=zone,
        may_have_start=start is not None or defaults is None,
    )


class Values:
    """What names of a file stand for: those that are bound once, by an assignment."""

    def __init__(self, code: Analysis) -> None:
        self._code = code
        bound: dict[str, list[ast.expr | None]] = {}
        for node in code.nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        bound.setdefault(target.id, []).append(node.value)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                bound.setdefault(node.target.id, []).append(node.value)
            elif isinstance(node, ast.arg):
                bound.setdefault(node.arg, []).append(None)
        stores: dict[str, int] = {}
        for node in code.nodes:
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                stores[node.id] = stores.get(node.id, 0) + 1
            elif isinstance(node, ast.arg):
                stores[node.arg] = stores.get(node.arg, 0) + 1
        self._values = {
            name: found[0]
            for name, found in bound.items()
            if len(found) == stores.get(name) == 1 and found[0] is not None
        }

    def of(self, node: ast.expr, depth: int = 5) -> ast.expr:
        """Return what an expression stands for, itself if the text does not tell."""
        if depth and isinstance(node, ast.Name) and node.id in self._values:
            return self.of(self._values[node.id], depth - 1)
        if depth and isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            entries = self.entries(node.value)
            if entries and node.slice.value in entries:
                return self.of(entries[str(node.slice.value)], depth - 1)
        return node

    def entries(self, node: ast.expr) -> dict[str, ast.expr] | None:
        """Return the entries of a dict, or None if the text does not tell all of them."""
        node = self.of(node)
        found: dict[str, ast.expr] = {}
        if isinstance(node, ast.Dict):
            pairs = list(zip(node.keys, node.values, strict=True))
        elif isinstance(node, ast.Call) and self._code.qualified(node.func) == "dict":
            if node.args:
                return None
            pairs = [(ast.Constant(k.arg) if k.arg else None, k.value) for k in node.keywords]
        else:
            return None
        for key, value in pairs:
            if key is None:
                inner = self.entries(value)
                if inner is None:
                    return None
                found |= inner
            elif isinstance(key, ast.Constant):
                found[str(key.value)] = value
        return found

    def arguments(self, call: ast.Call) -> tuple[Mapping[str, ast.expr], bool]:
        """Return the keyword arguments of a call, and whether there may be more."""
        given: dict[str, ast.expr] = {}
        opaque = False
        for keyword in call.keywords:
            if keyword.arg is not None:
                given[keyword.arg] = keyword.value
            elif (entries := self.entries(keyword.value)) is not None:
                given |= entries
            else:
                opaque = True
        return given, opaque or any(isinstance(a, ast.Starred) for a in call.args)

    def may_be_none(self, node: ast.expr) -> bool:
        """Whether an expression may stand for None, as far as the text tells."""
        node = self.of(node)
        if isinstance(node, ast.IfExp):
            return self.may_be_none(node.body) or self.may_be_none(node.orelse)
        return isinstance(node, ast.Constant) and node.value is None

    def kind(self, schedule: ast.expr) -> Kind:
        """Return what an expression for a schedule makes."""
        node = self.of(schedule)
        if isinstance(node, ast.Constant):
            if node.value is None:
                return Kind.NEVER
            if isinstance(node.value, str):
                return Kind.ONCE if node.value in NOT_SCHEDULED else Kind.CRON
        if isinstance(node, ast.IfExp):  # scheduled in one environment, and in no other
            sides = {self.kind(node.body), self.kind(node.orelse)}
            made = sides - {Kind.NEVER} or sides
            return made.pop() if len(made) == 1 else Kind.UNKNOWN
        if isinstance(node, (ast.JoinedStr, ast.List, ast.Tuple, ast.Set)):
            return Kind.CRON if isinstance(node, ast.JoinedStr) else Kind.ASSETS
        if isinstance(node, ast.BinOp):
            sides = {self.kind(node.left), self.kind(node.right)}
            return next(
                (k for k in (Kind.ASSETS, Kind.DELTA, Kind.CRON) if k in sides), Kind.UNKNOWN
            )
        if isinstance(node, ast.Call):
            name = self._code.qualified(node.func).rpartition(".")[2]
            if name in {"timedelta", "relativedelta"}:
                return Kind.DELTA
            if name in ASSETS:
                return Kind.ASSETS
            if name.endswith(("Timetable", "Schedule")):
                return Kind.TIMETABLE
        return Kind.UNKNOWN


def _zone_of_date(node: ast.expr | None, code: Analysis, values: Values) -> str:
    """Return the time zone of a start date; a naive date is one in Airflow's default, UTC."""
    if node is None:
        return "UTC"
    node = values.of(node)
    if isinstance(node, ast.BinOp):
        return _zone_of_date(node.left, code, values)
    if isinstance(node, ast.Constant):
        return "UTC"
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call):
        if node.func.attr in KEPT_ZONE and not any(k.arg == "tzinfo" for k in node.keywords):
            return _zone_of_date(node.func.value, code, values)
        return ""
    name, given = code.qualified(node.func), {k.arg: k.value for k in node.keywords}
    for word in ("tz", "tzinfo"):
        if word in given:
            return _zone(given[word], code, values)
    if name.startswith("pendulum.") and name.endswith(("now", "today", "tomorrow", "yesterday")):
        return _zone(node.args[0], code, values) if node.args else ""
    if name == "datetime.datetime.now" and node.args:
        return _zone(node.args[0], code, values)
    if name == "datetime.datetime" and len(node.args) > 7:
        return _zone(node.args[7], code, values)
    known = ("airflow.utils.dates.", "airflow.utils.timezone.", "datetime.datetime", "pendulum.")
    return "UTC" if name.startswith(known) else ""


def _zone(node: ast.expr, code: Analysis, values: Values) -> str:
    node = values.of(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if code.qualified(node) in UTC:
        return "UTC"
    if isinstance(node, ast.Call) and node.args:
        name = code.qualified(node.func).rpartition(".")[2]
        if name in {"ZoneInfo", "gettz", "timezone", "Timezone"}:
            return _zone(node.args[0], code, values)
    return ""
