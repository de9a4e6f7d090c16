"""The migration of one folder: read, fix in a working copy, import, judge."""

import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dag_migration import lint, rules, templates
from dag_migration.airflow import Airflow
from dag_migration.analysis import Analysis
from dag_migration.checks import used_names
from dag_migration.fixes import fixed, moved, prepared, source_line
from dag_migration.fixes.safety import fault, with_comments
from dag_migration.fixes.schedules import ScheduleFixes
from dag_migration.judgement import Judge
from dag_migration.layout import Layout
from dag_migration.model import FileReport, Finding, Fix
from dag_migration.resolution import Answers, gone_references, moves, questions
from dag_migration.source import Source, read

Progress = Callable[[str, int, int], None]  # what is done, how many of how many
Made = tuple[str, list[Fix]]
SDK = "airflow.sdk"
TIMETABLES = ("CronDataIntervalTimetable", "DeltaDataIntervalTimetable")
RECURSION = 5000  # calls may be chained by the hundred


@dataclass(frozen=True)
class Migrated:
    """One file after the migration."""

    report: FileReport
    data: bytes | None  # what the target holds; None: nothing was copied


def migrate(
    files: list[Source],
    airflow: Airflow,
    *,
    edited: Mapping[str, bytes] | None = None,
    catchup: bool = True,
    progress: Progress = lambda what, done, total: None,
) -> list[Migrated]:
    """Return every file as it should be under Airflow 3, with what is left to do.

    Args:
        files: what `sources` yielded.
        airflow: a running environment of the new Airflow.
        edited: migrated files that a person has changed since, by path: these are judged, not made.
        catchup: what the old airflow.cfg sets as `catchup_by_default`.
        progress: called with the name of the step, what is done and the total.

    Raises:
        RuntimeError: ruff could not run.
        AirflowFailedError: Airflow ended.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
    with tempfile.TemporaryDirectory(prefix="dag-migration-") as place:
        copy = WorkingCopy(Path(place).resolve(), files, airflow, dict(edited or {}), progress)
        copy.fix(catchup)
        reports = Judge(copy, catchup).reports()
        return [Migrated(reports[s.path], copy.data(s)) for s in files]


class WorkingCopy:
    """The files in UTF-8, so that ruff and libcst read every file whatever its encoding."""

    def __init__(
        self,
        root: Path,
        files: list[Source],
        airflow: Airflow,
        edited: dict[str, bytes],
        progress: Progress,
    ) -> None:
        self.root, self.files, self.airflow, self.edited = root, files, airflow, edited
        self.progress = progress
        self.fixes: dict[str, list[Fix]] = {}
        self.texts: dict[str, str] = {}
        self.problems: dict[str, tuple[Finding, ...]] = {f.path: f.problems for f in files}
        self.answers: Answers = {}
        self.sources = {f.path: f for f in files}
        self.read_before: set[str] = set()  # what Airflow 2 reads, if there are ignore files
        self._codes: dict[str, tuple[str, Analysis | None]] = {}

    @property
    def has_ignore_files(self) -> bool:
        """Whether there is an `.airflowignore`."""
        return any(path.rpartition("/")[2] == ".airflowignore" for path in self.problems)

    def python(self) -> list[str]:
        """Return the Python files that can be read."""
        return sorted(path for path in self.texts if path.endswith(".py"))

    def code(self, path: str) -> Analysis | None:
        """Return the parsed file; None if it is too much for the parser."""
        text, code = self._codes.get(path, ("", None))
        if text != self.texts[path] or path not in self._codes:
            try:
                code = Analysis(self.texts[path])
                _ = code.imports, code.references, code.strings, code.bound
            except Exception as error:  # whatever one file raises is a finding of that file
                self.problem(path, rules.NOT_CHECKED, why=_named(error))
                code = None
            self._codes[path] = (self.texts[path], code)
        return code

    def problem(self, path: str, rule: rules.Rule, **words: object) -> None:
        """Add a finding to a file, once."""
        finding = rule.at(0, **words)
        if finding not in self.problems[path]:
            self.problems[path] = (*self.problems[path], finding)

    def fix(self, catchup: bool) -> None:
        """Write the working copy and change it."""
        self._copy()
        if self.has_ignore_files:
            self.read_before = self.airflow.read_by(self.root, "regexp")
        self.layout = Layout(self.problems)
        self._resolve()
        self._prepare(catchup)
        self._fix_with_ruff()
        for path in self.texts:
            self._change(path, fixed if path.endswith(".py") else _fixed_template)
        self._take_edits()
        self._resolve()
        for path in self.python():
            if path not in self.edited and (code := self.code(path)) is not None:
                needed = moves(code, self.answers)
                # under its new name an operator may be one whose arguments are known
                if any(needed) and self._change(path, partial(moved, moves=needed)):
                    self._change(path, fixed)
        self._fix_with_ruff()  # what a move brought into ruff's reach
        self._resolve()

    def _copy(self) -> None:
        for source in self.files:
            if source.text is not None:
                self._write(source.path, source.text)
            elif source.data is not None and not source.path.endswith(".py"):
                _file(self.root / source.path).write_bytes(source.data)
        self._take_newer()
        refused = self.airflow.compile({p: self.texts[p] for p in self.python()})
        for path, (line, why) in refused.items():
            self.problems[path] = (*self.problems[path], rules.UNREADABLE.at(line, why=why))
            del self.texts[path]

    def _take_newer(self) -> None:
        """Let the image's Python judge what this one cannot read, if that is the newer one."""
        if self.airflow.python <= sys.version_info[:2]:
            return
        unread = {
            path: self.sources[path].data or b""
            for path, problems in self.problems.items()
            if any(finding.code == rules.UNREADABLE.code for finding in problems)
        }
        texts = {path: text for path, data in unread.items() if (text := _utf8(data))}
        refused = self.airflow.compile(texts)
        versions = {
            "image": ".".join(map(str, self.airflow.python)),
            "own": ".".join(map(str, sys.version_info[:2])),
        }
        for path in texts.keys() - refused.keys():
            self.problems[path] = (rules.NEWER_PYTHON.at(0, **versions),)
            _file(self.root / path).write_bytes(unread[path])

    def _prepare(self, catchup: bool) -> None:
        home = SDK
        if any(self.answers.get((SDK, n), {}).get("state") != "ok" for n in TIMETABLES):
            home = "airflow.timetables.interval"
        used = {path: self.used(path) for path in self.python()}
        for number, path in enumerate(self.python()):
            self.progress("Fixing", number + 1, len(self.texts))
            code = self.code(path)
            if code is None or path in self.edited:
                continue
            gone = gone_references(code, self.answers)
            self._change(path, partial(prepared, gone=gone))
            if self.is_airflow2(path):
                names = self.used_around(path, used)
                make = partial(_scheduled, used=names, catchup=catchup, home=home)
                self._change(path, make)

    def used(self, path: str) -> set[str]:
        """Return the names of the context that a file and the templates it names may read."""
        code = self.code(path)
        if code is None:
            return set()
        named = {text.strip().rpartition("/")[2] for _, text in code.strings}
        files = (p for p in self.texts if not p.endswith(".py") and p.rpartition("/")[2] in named)
        return used_names(code).union(*(templates.names(self.texts[p]) for p in files))

    def used_around(self, path: str, used: Mapping[str, set[str]]) -> set[str]:
        """Return these names of a file and of every file of the folder that it imports."""
        seen, left = {path}, [path]
        while left:
            code = self.code(left.pop())
            for item in code.imports if code else ():
                found = self.layout.file_of(item.module, item.name)
                if found and found not in seen and found in used:
                    seen.add(found)
                    left.append(found)
        return set().union(*(used[p] for p in seen))

    def is_airflow2(self, path: str) -> bool:
        """Whether a file was written for Airflow 2: the SDK is of Airflow 3 only."""
        return "airflow.sdk" not in (self.sources[path].text or "")

    def _change(self, path: str, make: Callable[[str], Made]) -> bool:
        """Change one file, unless the result would be worse; say whether it was changed."""
        before = self.texts[path]
        try:
            new, fixes = make(before)
            if path.endswith(".py") and new != before:
                new = with_comments(before, new)
                if why := fault(before, new):
                    self.problem(path, rules.CHANGE_DROPPED, why=why)
                    return False
        except Exception as error:  # whatever one file raises is a finding of that file
            self.problem(path, rules.NOT_CHECKED, why=_named(error))
            return False
        self._changed(path, new, fixes)
        return bool(fixes)

    def _changed(self, path: str, new: str, fixes: Iterable[Fix]) -> None:
        source = self.sources[path].text or ""
        before = self.texts[path]
        self.fixes.setdefault(path, []).extend(
            f.model_copy(update={"line": source_line(source, before, f.line)}) for f in fixes
        )
        if new != before:
            self._write(path, new)

    def _fix_with_ruff(self) -> None:
        for path, fixes in lint.fix(self.root).items():
            new = (self.root / path).read_bytes().decode(errors="replace")
            before = self.texts.get(path)
            if before is None:
                continue
            if path in self.edited:
                self._write(path, before)
            elif fault(before, new):
                self._fix_rule_by_rule(path)
            else:
                self._changed(path, with_comments(before, new), fixes)

    def _fix_rule_by_rule(self, path: str) -> None:
        """Make the fixes of each of ruff's rules whose result is good, for a file that needs it."""
        for rule in lint.RULES:
            before = self.texts[path]
            self._write(path, before)
            fixes = lint.fix(self.root, [rule], [path]).get(path, [])
            new = (self.root / path).read_bytes().decode(errors="replace")
            if why := fault(before, new):
                self.problem(path, rules.CHANGE_DROPPED, why=f"by {rule}, {why}")
            elif fixes:
                self._changed(path, with_comments(before, new), fixes)
        self._write(path, self.texts[path])

    def _take_edits(self) -> None:
        for path, data in self.edited.items():
            again = read(path, data)
            self.problems[path] = again.problems
            self.fixes.pop(path, None)
            self.texts.pop(path, None)
            if again.text is not None:
                self._write(path, again.text)
            elif not path.endswith(".py"):
                _file(self.root / path).write_bytes(data)

    def _resolve(self) -> None:
        codes = [code for path in self.python() if (code := self.code(path)) is not None]
        names = {(SDK, name) for name in TIMETABLES}.union(*map(questions, codes))
        asked = {k for k in names - self.answers.keys() if not self.layout.is_local(k[0])}
        done = 0

        def step() -> None:
            nonlocal done
            done += 1
            self.progress("Looking up imports", done, len(asked))

        if asked:
            self.answers = {**self.answers, **self.airflow.resolve(asked, step)}

    def _write(self, path: str, text: str) -> None:
        self.texts[path] = text
        _file(self.root / path).write_bytes(text.encode())

    def data(self, source: Source) -> bytes | None:
        """Return the bytes of one migrated file."""
        path = source.path
        if source.text is not None and path not in self.edited and path in self.texts:
            return source.encoded(self.texts[path])
        return self.edited.get(path, source.data)


def _scheduled(text: str, used: set[str], catchup: bool, home: str) -> Made:
    change = ScheduleFixes(text, used, catchup, home)
    return change.result(), change.fixes


def _fixed_template(text: str) -> Made:
    new = templates.rewritten(text)
    message = "Removed template variables are written with `logical_date`"
    return new, [Fix(code="MIG021", line=0, message=message)] if new != text else []


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def _file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
