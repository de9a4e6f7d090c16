"""What is left of each file after the fixes: import tests, findings, and where it stands."""

import re
from collections.abc import Iterable

from dag_migration import lint, rules
from dag_migration.analysis import Analysis
from dag_migration.checks import code_findings, template_findings
from dag_migration.context_keys import INTERVAL
from dag_migration.failures import failure
from dag_migration.inventory import inventory
from dag_migration.model import FileReport, Finding, Inventory, Level, Outcome, Status
from dag_migration.resolution import import_findings
from dag_migration.schedules import scheduled
from dag_migration.source import Source
from dag_migration.working_copy import WorkingCopy

# Timetables that Airflow 3 makes of a plain cron text or interval: a run's date is its start.
TRIGGERS = {"CronTriggerTimetable", "DeltaTriggerTimetable"}
# What is said of runs never makes an import fail.
OF_RUNS = {
    rules.ASSET_DATE.code,
    rules.CATCHUP.code,
    rules.CRON_BOTH_ENDS.code,
    rules.CRON_INTERVAL.code,
    rules.NO_SCHEDULE.code,
    rules.SLA.code,
    rules.TEMPLATE_KEY.code,
}
PACKAGES = {
    rules.PACKAGE_MISSING.code,
    rules.PROVIDER_MISSING.code,
    rules.PACKAGE_IN_TASK.code,
}


class Judge:
    """Imports every file of a working copy and says what each still asks for."""

    def __init__(self, copy: WorkingCopy, catchup: bool) -> None:
        self._copy, self._catchup = copy, catchup
        self._airflow = copy.airflow
        self._linted = lint.findings(copy.root, copy.airflow.packages)
        self._outcomes = self._import()
        self._used = {path: copy.used(path) for path in copy.python()}
        if copy.has_ignore_files:
            self._compare_ignoring(copy.airflow.read_by(copy.root, "glob"))
        self._find_duplicates()

    def reports(self) -> dict[str, FileReport]:
        """Return the report of each file by its path."""
        findings: dict[str, list[Finding]] = {}
        for source in self._copy.files:
            try:
                findings[source.path] = self._findings(source)
            except Exception as error:  # whatever one file raises is a finding of that file
                why = f"{type(error).__name__}: {error}"[:200]
                findings[source.path] = [rules.NOT_CHECKED.at(0, why=why)]
        self._find_waiting(findings)
        return {s.path: self._report(s, findings[s.path]) for s in self._copy.files}

    def _import(self) -> dict[str, Outcome]:
        # files that this Python cannot read are judged by their import as well
        unread = [path for path, found in self._copy.problems.items() if _is_newer(found)]
        paths = sorted({*self._copy.python(), *unread})
        done = 0

        def step() -> None:
            nonlocal done
            done += 1
            self._copy.progress("Importing", done, len(paths))

        return self._airflow.import_files(
            self._copy.root, paths, preload=self._preload(), done=step
        )

    def _preload(self) -> set[str]:
        """Return modules of Airflow that are known to import well, as the look-up has done it."""
        return {
            module
            for (module, _), answer in self._copy.answers.items()
            if module.startswith("airflow.")
            and answer.get("state") == "ok"
            # an example is a DAG file itself: imported twice it would be two DAGs
            and "example_dags" not in module
        }

    def _compare_ignoring(self, read: set[str]) -> None:
        """Name what an ignore file would hide, or hide no longer, now that it holds globs."""
        for path in self._copy.problems:
            if path.rpartition("/")[2] != ".airflowignore":
                continue
            folder = path.removesuffix(".airflowignore")
            before = self._copy.read_before
            old, new = ({f for f in files if f.startswith(folder)} for files in (before, read))
            for changed, what in ((new - old, "would now read"), (old - new, "would now ignore")):
                if changed:
                    files = f"`{min(changed)}`"
                    files += f" and {len(changed) - 1} more" if len(changed) > 1 else ""
                    self._copy.problem(path, rules.IGNORE_SYNTAX, what=what, files=files)

    def _find_duplicates(self) -> None:
        homes: dict[str, str] = {}
        for path in sorted(self._outcomes):
            for dag in self._outcomes[path].dags:
                first = homes.setdefault(dag.dag_id, path)
                if first != path:
                    self._copy.problem(path, rules.DUPLICATE, dag=dag.dag_id, file=first)

    def _findings(self, source: Source) -> list[Finding]:
        path, text = source.path, self._copy.texts.get(source.path)
        code = self._copy.code(path) if text is not None and path.endswith(".py") else None
        found = list(self._copy.problems[path])
        if code is not None:
            return found + self._of_code(path, code, self._outcomes[path])
        if path in self._outcomes and self._outcomes[path].outcome != "ok":
            found.append(failure(self._outcomes[path], self._copy.answers, self._airflow.version))
        elif text is not None and not path.endswith(".py"):
            found += template_findings(text)
        return found

    def _of_code(self, path: str, code: Analysis, imported: Outcome) -> list[Finding]:
        version = self._airflow.version
        linted = self._linted.get(path, [])
        # what ruff knows a successor of, it says better than "does not exist"
        known = [_name(f) for f in linted if f.level is not Level.NOTICE]
        own = [
            *(
                self._elsewhere(f)
                for f in import_findings(code, self._copy.answers, version)
                if f.code not in {rules.GONE.code, rules.NO_ATTRIBUTE.code}
                or not any(f"{name}.".startswith(f"{_name(f)}.") for name in known)
            ),
            *code_findings(
                code,
                self._copy.used_around(path, self._used),
                airflow2=self._copy.is_airflow2(path),
                catchup=self._catchup,
                keeps_intervals=_keeps_intervals(imported),
            ),
            *self._of_hidden_dags(path, code, imported),
        ]
        said = {(finding.line, _subject(finding)) for finding in own}
        ruffs = [f for f in linted if (f.line, _subject(f)) not in said]
        if imported.outcome != "ok":
            reason = self._elsewhere(failure(imported, self._copy.answers, version))
            blocking = [f for f in own + ruffs if f.level is not Level.NOTICE]
            if not any(_explains(f, reason) for f in blocking):
                own.append(reason)
        findings = {(f.line, f.code, f.message): f for f in (*own, *ruffs)}
        return [findings[key] for key in sorted(findings)]

    def _of_hidden_dags(self, path: str, code: Analysis, imported: Outcome) -> list[Finding]:
        """Judge DAGs that the text does not show (a factory elsewhere) by what Airflow read."""
        if not self._copy.is_airflow2(path) or any(scheduled(code)):
            return []
        used = self._copy.used_around(path, self._used)
        text = "".join(self._copy.texts[p] for p in self._copy.texts if p.endswith(".py"))
        by_trigger = [dag for dag in imported.dags if dag.timetable in TRIGGERS]
        found = []
        if self._catchup and "catchup" not in text and not all(d.catchup for d in by_trigger):
            found.append(rules.CATCHUP.at(0))
        if by_trigger and used & INTERVAL and "CronTriggerTimetable" not in text:
            found.append(rules.CRON_INTERVAL.at(0, key=min(used & INTERVAL)))
        return found

    def _elsewhere(self, finding: Finding) -> Finding:
        """Return the message about a missing package, if it lies in the folder after all."""
        if finding.code not in PACKAGES:
            return finding
        folder = self._copy.layout.folder_with(finding.subject)
        if not folder:
            return finding
        return rules.LIES_ELSEWHERE.at(finding.line, module=finding.subject, folder=folder)

    def _find_waiting(self, findings: dict[str, list[Finding]]) -> None:
        """Let a file wait for another one that raised while it was imported."""
        for path, outcome in self._outcomes.items():
            cause = outcome.raised_in
            if not cause or cause == path or not _blocks(findings.get(cause, [])):
                continue
            reason = self._elsewhere(failure(outcome, self._copy.answers, self._airflow.version))
            if reason in findings[path]:
                findings[path].remove(reason)
                findings[path].append(rules.FILE_WAITED_FOR.at(0, file=cause))

    def _report(self, source: Source, findings: list[Finding]) -> FileReport:
        path = source.path
        edited = path in self._copy.edited
        code = self._copy.code(path) if path in self._copy.python() else None
        imported = self._outcomes.get(path, Outcome(outcome=""))
        fixes = sorted(
            set(self._copy.fixes.get(path, ())), key=lambda fix: (fix.line, fix.code, fix.message)
        )
        return FileReport(
            path=path,
            status=_status(source, findings, bool(fixes) or edited),
            holds_dags=bool(imported.dags) or (code is not None and any(scheduled(code))),
            edited=edited,
            fixes=tuple(fixes),
            findings=tuple(findings),
            imported=imported,
            inventory=inventory(code) if code is not None else Inventory(),
        )


def _status(source: Source, findings: list[Finding], changed: bool) -> Status:
    levels = {finding.level for finding in findings}
    if Level.PERSON in levels:
        return Status.PERSON
    if Level.WAITS in levels:
        return Status.WAITS
    if changed:
        return Status.FIXED
    return Status.READY if source.path.endswith(".py") else Status.OTHER


def _is_newer(findings: Iterable[Finding]) -> bool:
    return any(finding.code == rules.NEWER_PYTHON.code for finding in findings)


def _keeps_intervals(imported: Outcome) -> bool | None:
    if imported.outcome != "ok" or not imported.dags:
        return None
    return not any(dag.timetable in TRIGGERS for dag in imported.dags)


def _blocks(findings: list[Finding]) -> bool:
    return any(finding.level is not Level.NOTICE for finding in findings)


def _explains(finding: Finding, failure: Finding) -> bool:
    """Whether a finding of the text already says why the import failed."""
    if finding.line == failure.line != 0 and finding.code not in OF_RUNS:
        return True
    named, failed = _name(finding), _name(failure)
    if "." in failed and named.startswith(f"{failed}."):  # a name of the module that is gone
        return True
    return bool(named) and _subject(finding) == _subject(failure)


def _subject(finding: Finding) -> str:
    """Return the last part of the first name in backticks: ruff writes full names, we may not."""
    return _name(finding).rpartition(".")[2]


def _name(finding: Finding) -> str:
    found = re.search(r"`([^`]+)`", finding.message)
    return found[1] if found else ""
