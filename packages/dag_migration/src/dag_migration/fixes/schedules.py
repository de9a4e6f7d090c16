"""The runs of a DAG stay what they were: `catchup`, the default schedule, the run's date."""

import ast
from collections.abc import Iterator, Set

from dag_migration.analysis import Analysis
from dag_migration.context_keys import INTERVAL, INTERVAL_END
from dag_migration.fixes.edits import Edits
from dag_migration.model import Fix
from dag_migration.schedules import Kind, Scheduled, Values, scheduled

CATCHUP, MEANING, DEFAULT, WORDS = "MIG040", "MIG041", "MIG033", "MIG034"
TIMETABLES = {
    Kind.CRON: "CronDataIntervalTimetable",
    Kind.DEFAULT: "DeltaDataIntervalTimetable",
    Kind.DELTA: "DeltaDataIntervalTimetable",
}


def _lacks_catchup(dag: Scheduled) -> bool:
    # Airflow 3 refuses catchup=True without a start date: tasks may have one each
    return dag.repeats and dag.may_have_start and not dag.has_catchup and not dag.opaque


def _branches(schedule: ast.expr) -> Iterator[ast.expr]:
    """Yield each expression that the schedule may be, but None."""
    if isinstance(schedule, ast.IfExp):
        yield from _branches(schedule.body)
        yield from _branches(schedule.orelse)
    elif not (isinstance(schedule, ast.Constant) and schedule.value is None):
        yield schedule


class ScheduleFixes:
    """Writes down what Airflow 2 did by default and Airflow 3 does not."""

    def __init__(self, text: str, used: Set[str], catchup_by_default: bool, home: str) -> None:
        """Prepare the changes of one file.

        Args:
            text: the file, as it was written for Airflow 2.
            used: names of the context that its tasks read.
            catchup_by_default: what the old airflow.cfg says, True if it says nothing.
            home: the module that has the timetables.
        """
        self._code, self._edits = Analysis(text), Edits(text)
        self._values = Values(self._code)
        self._dated = bool(used & (INTERVAL | INTERVAL_END))
        self._catchup, self._home = catchup_by_default, home
        self._imports: set[str] = set()
        self._wrapped: set[int] = set()
        self.fixes: list[Fix] = []

    def result(self) -> str:
        """Return the changed text."""
        for dag in scheduled(self._code):
            self._words(dag)
            self._schedule(dag)
        imported = [
            self._edits.import_after(self._code.tree, line) for line in sorted(self._imports)
        ]
        if not all(imported):
            self.fixes.clear()
            return self._edits.text
        return self._edits.result()

    def _note(self, code: str, dag: Scheduled, message: str) -> None:
        self.fixes.append(Fix(code=code, line=dag.call.lineno, message=message))

    def _words(self, dag: Scheduled) -> None:
        """Name the description and the schedule, which Airflow 2 took by their place."""
        if any(isinstance(a, ast.Starred) for a in dag.call.args):
            return
        for name, value in zip(("description", "schedule"), dag.call.args[1:3], strict=False):
            at = self._edits.start(value)
            self._edits.replace(at, at, f"{name}=")
            self._note(WORDS, dag, f"`{name}` is given by its name")

    def _schedule(self, dag: Scheduled) -> None:
        new = []
        if dag.kind is Kind.DEFAULT and not dag.opaque:
            new.append(f"schedule={self._default(dag)}")
            self._note(DEFAULT, dag, "The default schedule of Airflow 2, once a day, is written")
        elif dag.schedule is not None and self._dated:
            self._keep_meaning(dag, dag.schedule)
        if self._catchup and _lacks_catchup(dag):
            new.append("catchup=True")
            self._note(CATCHUP, dag, "`catchup=True`, the default of Airflow 2, is written")
        if new:
            self._append(dag, new)

    def _default(self, dag: Scheduled) -> str:
        bound = {i.local for i in self._code.imports if i.qualified == "datetime.timedelta"}
        if "timedelta" not in bound:
            self._imports.add("from datetime import timedelta")
        if not self._dated:
            return "timedelta(days=1)"
        self._imports.add(f"from {self._home} import {TIMETABLES[dag.kind]}")
        return f"{TIMETABLES[dag.kind]}(timedelta(days=1))"

    def _keep_meaning(self, dag: Scheduled, schedule: ast.expr) -> None:
        name = TIMETABLES.get(dag.kind)
        if name is None or id(schedule) in self._wrapped:
            return
        if dag.kind is Kind.CRON and not dag.timezone:
            return
        self._wrapped.add(id(schedule))
        zone = f", timezone={dag.timezone!r}".replace("'", '"') if dag.kind is Kind.CRON else ""
        for branch in _branches(schedule):
            start, end = self._edits.start(branch), self._edits.end(branch)
            text = self._edits.text[start:end]
            wrapped = f"{name}({text}{zone})"
            if self._values.may_be_none(branch):
                wrapped += f" if {text} is not None else None"
                wrapped = wrapped if branch is schedule else f"({wrapped})"
            self._edits.replace(start, end, wrapped)
        self._imports.add(f"from {self._home} import {name}")
        self._note(MEANING, dag, f"`{name}` keeps the meaning of the run's date")

    def _append(self, dag: Scheduled, new: list[str]) -> None:
        call = dag.call
        given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        if not given and self._edits.text[self._edits.end(call) - 1] != ")":
            at = self._edits.end(call)  # a bare decorator
            self._edits.replace(at, at, f"({', '.join(new)})")
            return
        if not given:
            at = self._edits.end(call) - 1
            self._edits.replace(at, at, ", ".join(new))
            return
        # behind the schedule, so that comments stay where they belong
        near = [self._edits.end(k) for k in call.keywords if k.value is dag.schedule]
        at = near[0] if near else max(map(self._edits.end, given))
        self._edits.replace(at, at, "".join(f", {word}" for word in new))
