"""The automatic changes of all files of a working copy, in their order."""

from collections.abc import Callable
from functools import partial

from dag_migration import lint, rules, templates
from dag_migration.fixes import fixed, moved, prepared
from dag_migration.fixes.modules import environment
from dag_migration.fixes.safety import fault, with_comments
from dag_migration.fixes.schedules import ScheduleFixes
from dag_migration.model import Fix
from dag_migration.resolution import gone_references, moves
from dag_migration.working_copy import SDK, TIMETABLES, WorkingCopy, named

Made = tuple[str, list[Fix]]


class Fixer:
    """Changes the files of a working copy; what would make a file worse is left out."""

    def __init__(self, copy: WorkingCopy, catchup: bool) -> None:
        self._copy, self._catchup = copy, catchup

    def fix(self) -> None:
        """Write the working copy and change it."""
        copy = self._copy
        copy.copy()
        if copy.has_ignore_files:
            copy.read_before = copy.airflow.read_by(copy.root, "regexp")
        copy.resolve()
        self._prepare()
        self._fix_with_ruff()
        for path in copy.texts:
            self._change(path, fixed if path.endswith(".py") else _fixed_template)
        copy.take_edits()
        copy.resolve()
        for path in copy.python():
            if path not in copy.edited and (code := copy.code(path)) is not None:
                needed = moves(code, copy.answers)
                # under its new name an operator may be one whose arguments are known
                if any(needed) and self._change(path, partial(moved, moves=needed)):
                    self._change(path, fixed)
        self._fix_with_ruff()  # what a move brought into ruff's reach
        copy.resolve()

    def _prepare(self) -> None:
        home = SDK
        if any(self._copy.answers.get((SDK, n), {}).get("state") != "ok" for n in TIMETABLES):
            home = "airflow.timetables.interval"
        used = {path: self._copy.used(path) for path in self._copy.python()}
        for number, path in enumerate(self._copy.python()):
            self._copy.progress("Fixing", number + 1, len(self._copy.texts))
            code = self._copy.code(path)
            if code is None or path in self._copy.edited:
                continue
            gone = gone_references(code, self._copy.answers)
            self._change(path, partial(prepared, gone=gone))
            if self._copy.is_airflow2(path):
                names = self._copy.used_around(path, used)
                make = partial(_scheduled, used=names, catchup=self._catchup, home=home)
                self._change(path, make)

    def _change(self, path: str, make: Callable[[str], Made]) -> bool:
        """Change one file, unless the result would be worse; say whether it was changed."""
        before = self._copy.texts[path]
        try:
            new, fixes = make(before)
            if path.endswith(".py") and new != before:
                new = with_comments(before, new)
                if why := fault(before, new):
                    self._copy.problem(path, rules.CHANGE_DROPPED, why=why)
                    return False
        except Exception as error:  # whatever one file raises is a finding of that file
            self._copy.problem(path, rules.NOT_CHECKED, why=named(error))
            return False
        self._copy.changed(path, new, fixes)
        return bool(fixes)

    def _fix_with_ruff(self) -> None:
        for path, fixes in lint.fix(self._copy.root).items():
            new = (self._copy.root / path).read_bytes().decode(errors="replace")
            before = self._copy.texts.get(path)
            if before is None:
                continue
            if path in self._copy.edited:
                self._copy.write(path, before)
            elif fault(before, new):
                self._fix_rule_by_rule(path)
            else:
                self._copy.changed(path, with_comments(before, new), fixes)

    def _fix_rule_by_rule(self, path: str) -> None:
        """Make the fixes of each of ruff's rules whose result is good, for a file that needs it."""
        for rule in lint.RULES:
            before = self._copy.texts[path]
            self._copy.write(path, before)
            fixes = lint.fix(self._copy.root, [rule], [path]).get(path, [])
            new = (self._copy.root / path).read_bytes().decode(errors="replace")
            if why := fault(before, new):
                self._copy.problem(path, rules.CHANGE_DROPPED, why=f"by {rule}, {why}")
            elif fixes:
                self._copy.changed(path, with_comments(before, new), fixes)
        self._copy.write(path, self._copy.texts[path])


def _scheduled(text: str, used: set[str], catchup: bool, home: str) -> Made:
    change = ScheduleFixes(text, used, catchup, home)
    return change.result(), change.fixes


def _fixed_template(text: str) -> Made:
    text, fixes = environment(text)
    new = templates.rewritten(text)
    message = "Removed template variables are written with `logical_date`"
    return new, fixes + ([Fix(code="MIG021", line=0, message=message)] if new != text else [])
