"""The migration of one folder: read, fix in a working copy, import, judge."""

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dag_migration import lint, rules, templates
from dag_migration.airflow import Airflow
from dag_migration.analysis import Analysis
from dag_migration.checks import code_findings, template_findings
from dag_migration.failures import failure
from dag_migration.fixes import fixed, moved, source_line
from dag_migration.inventory import inventory
from dag_migration.model import FileReport, Finding, Fix, Inventory, Level, Outcome, Status
from dag_migration.resolution import Answers, import_findings, moves, questions
from dag_migration.source import Source, read

Progress = Callable[[str, int, int], None]  # what is done, how many of how many


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
    progress: Progress = lambda what, done, total: None,
) -> list[Migrated]:
    """Return every file as it should be under Airflow 3, with what is left to do.

    Args:
        files: what `sources` yielded.
        airflow: a running environment of the new Airflow.
        edited: migrated files that a person has changed since, by path: these are judged, not made.
        progress: called with the name of the step, what is done and the total.

    Raises:
        RuntimeError: ruff could not run.
        AirflowFailedError: Airflow ended.
    """
    with tempfile.TemporaryDirectory(prefix="dag-migration-") as place:
        work = _Work(Path(place).resolve(), files, airflow, dict(edited or {}), progress)
        work.fix()
        work.judge()
        return [work.migrated(source) for source in files]


class _Work:
    """A working copy in UTF-8, so that ruff and libcst read every file whatever its encoding."""

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
        self.codes: dict[str, tuple[str, Analysis]] = {}
        self.read: set[str] = set()  # what Airflow 2 reads, if there are ignore files

    def fix(self) -> None:
        """Write the working copy and change it."""
        for source in self.files:
            if source.text is not None:
                self._write(source.path, source.text)
            elif source.data is not None and not source.path.endswith(".py"):
                _file(self.root / source.path).write_bytes(source.data)
        if any(_is_ignore_file(source.path) for source in self.files):
            self.read = self.airflow.read_by(self.root, "regexp")
        self._fix_with_ruff()
        for number, source in enumerate(self.files):
            if source.text is not None:
                self._fix_own(source)
            self.progress("Fixing", number + 1, len(self.files))
        self._take_edits()
        self._resolve()
        for path in self._python():
            if path not in self.edited:
                needed = moves(self._code(path), self.answers)
                new, fixes = moved(self.texts[path], needed)
                if fixes:  # under its new name an operator may be one whose arguments are known
                    self._changed(path, new, fixes)
                    self._changed(path, *fixed(new))
        self._fix_with_ruff()  # what a move brought into ruff's reach
        self._resolve()

    def _fix_with_ruff(self) -> None:
        for path, fixes in lint.fix(self.root).items():
            if path not in self.edited:
                new = (self.root / path).read_bytes().decode()
                self._changed(path, new, fixes)
            else:
                self._write(path, self.texts[path])

    def _fix_own(self, source: Source) -> None:
        text = self.texts[source.path]
        if source.is_python:
            self._changed(source.path, *fixed(text))
        elif (new := templates.rewritten(text)) != text:
            message = "Removed template variables are written with `logical_date`"
            self._changed(source.path, new, [Fix(code="MIG021", line=0, message=message)])

    def _code(self, path: str) -> Analysis:
        text, code = self.codes.get(path, ("", None))
        if code is None or text != self.texts[path]:
            code = Analysis(self.texts[path])
            self.codes[path] = (self.texts[path], code)
        return code

    def _changed(self, path: str, new: str, fixes: list[Fix]) -> None:
        source = self.sources[path].text or ""
        before = self.texts[path]
        self.fixes.setdefault(path, []).extend(
            f.model_copy(update={"line": source_line(source, before, f.line)}) for f in fixes
        )
        if new != before:
            self._write(path, new)

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
        names = set().union(*(questions(self._code(path)) for path in self._python()))
        local = {path.split("/")[0].removesuffix(".py") for path in self.texts}
        asked = {key for key in names - self.answers.keys() if key[0].split(".")[0] not in local}
        done = 0

        def step() -> None:
            nonlocal done
            done += 1
            self.progress("Looking up imports", done, len(asked))

        self.answers = {**self.answers, **self.airflow.resolve(asked, step)}

    def judge(self) -> None:
        """Import every file and look for what is left."""
        self.linted = lint.findings(self.root, self.airflow.packages)
        paths = self._python()
        done = 0

        def step() -> None:
            nonlocal done
            done += 1
            self.progress("Importing", done, len(paths))

        self.outcomes = self.airflow.import_files(
            self.root, paths, preload=self._preload(), done=step
        )

        if any(_is_ignore_file(path) for path in self.problems):
            self._compare_ignoring(self.airflow.read_by(self.root, "glob"))
        self._find_duplicates()

    def _compare_ignoring(self, read: set[str]) -> None:
        """Name what an ignore file would hide, or hide no longer, now that it holds globs."""
        for path in filter(_is_ignore_file, self.problems):
            folder = path.removesuffix(".airflowignore")
            old, new = ({f for f in files if f.startswith(folder)} for files in (self.read, read))
            for changed, what in ((new - old, "would now read"), (old - new, "would now ignore")):
                if changed:
                    files = f"`{min(changed)}`"
                    files += f" and {len(changed) - 1} more" if len(changed) > 1 else ""
                    finding = rules.IGNORE_SYNTAX.at(0, what=what, files=files)
                    self.problems[path] = (*self.problems[path], finding)

    def _find_duplicates(self) -> None:
        homes: dict[str, str] = {}
        for path in self._python():
            for dag in self.outcomes[path].dags:
                first = homes.setdefault(dag.dag_id, path)
                if first != path:
                    finding = rules.DUPLICATE.at(0, dag=dag.dag_id, file=first)
                    self.problems[path] = (*self.problems[path], finding)

    def _preload(self) -> set[str]:
        """Return modules of Airflow that are known to import well, as the look-up has done it."""
        return {
            module
            for (module, _), answer in self.answers.items()
            if module.startswith("airflow.")
            and answer.get("state") == "ok"
            # an example is a DAG file itself: imported twice it would be two DAGs
            and "example_dags" not in module
        }

    def _python(self) -> list[str]:
        return sorted(path for path in self.texts if path.endswith(".py"))

    def _write(self, path: str, text: str) -> None:
        self.texts[path] = text
        _file(self.root / path).write_bytes(text.encode())

    def migrated(self, source: Source) -> Migrated:
        """Return the report and the bytes of one file."""
        path = source.path
        fixes = sorted(
            set(self.fixes.get(path, ())), key=lambda fix: (fix.line, fix.code, fix.message)
        )
        findings, imported, used = list(self.problems[path]), Outcome(outcome=""), Inventory()
        text = self.texts.get(path)
        if text is not None and path.endswith(".py"):
            code = self._code(path)
            imported = self.outcomes[path]
            used = inventory(code)
            findings += self._findings(path, code, imported)
        elif text is not None:
            findings += template_findings(text)
        if source.text is not None and path not in self.edited:
            data: bytes | None = source.encoded(text or "")
        else:
            data = self.edited.get(path, source.data)
        person = any(finding.level is Level.PERSON for finding in findings)
        changed = bool(fixes) or path in self.edited
        status = Status.PERSON if person else Status.FIXED if changed else Status.READY
        report = FileReport(
            path=path,
            status=status,
            edited=path in self.edited,
            fixes=tuple(fixes),
            findings=tuple(findings),
            imported=imported,
            inventory=used,
        )
        return Migrated(report, data)

    def _findings(self, path: str, code: Analysis, imported: Outcome) -> list[Finding]:
        version = self.airflow.version
        linted = self.linted.get(path, [])
        # what ruff knows a successor of, it says better than "does not exist"
        known = [_name(f) for f in linted if f.level is Level.PERSON]
        own = [
            *(
                f
                for f in import_findings(code, self.answers, version)
                if f.code != rules.GONE.code
                or not any(f"{name}.".startswith(f"{_name(f)}.") for name in known)
            ),
            *code_findings(code, self._used_beside(code)),
        ]
        said = {(finding.line, _subject(finding)) for finding in own}
        ruffs = [f for f in linted if (f.line, _subject(f)) not in said]
        if imported.outcome != "ok":
            reason = failure(imported, self.answers, version)
            if not any(f.level is Level.PERSON and _explains(f, reason) for f in own + ruffs):
                own.append(reason)
        findings = {(f.line, f.code, f.message): f for f in (*own, *ruffs)}
        return [findings[key] for key in sorted(findings)]

    def _used_beside(self, code: Analysis) -> set[str]:
        """Return the context names in the template files that a DAG file names."""
        named = {text.strip().rpartition("/")[2] for _, text in code.strings}
        files = (p for p in self.texts if not p.endswith(".py") and p.rpartition("/")[2] in named)
        return set().union(*(templates.names(self.texts[path]) for path in files))


def _explains(finding: Finding, failure: Finding) -> bool:
    """Whether a finding of the text already says why the import failed."""
    if finding.line == failure.line != 0:
        return True
    named, failed = _name(finding), _name(failure)
    if "." in failed and named.startswith(f"{failed}."):  # a name of the module that is gone
        return True
    return bool(named) and _subject(finding) == _subject(failure)


def _is_ignore_file(path: str) -> bool:
    return path.rpartition("/")[2] == ".airflowignore"


def _subject(finding: Finding) -> str:
    """Return the last part of the first name in backticks: ruff writes full names, we may not."""
    return _name(finding).rpartition(".")[2]


def _name(finding: Finding) -> str:
    found = re.search(r"`([^`]+)`", finding.message)
    return found[1] if found else ""


def _file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
