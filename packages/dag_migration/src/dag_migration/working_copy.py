"""The files of a migration while it works on them."""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from dag_migration import rules, templates
from dag_migration.airflow import Airflow
from dag_migration.analysis import Analysis
from dag_migration.checks import used_names
from dag_migration.fixes import source_line
from dag_migration.layout import Layout
from dag_migration.model import Finding, Fix
from dag_migration.resolution import Answers, questions
from dag_migration.source import Source, read

Progress = Callable[[str, int, int], None]  # what is done, how many of how many
SDK = "airflow.sdk"
TIMETABLES = ("CronDataIntervalTimetable", "DeltaDataIntervalTimetable")


class WorkingCopy:
    """The files in UTF-8, so that ruff and libcst read every file whatever its encoding."""

    def __init__(
        self,
        root: Path,
        files: list[Source],
        airflow: Airflow,
        edited: dict[str, bytes],
        progress: Progress,
        folder: Path | None,
    ) -> None:
        self.root, self.files, self.airflow, self.edited = root, files, airflow, edited
        self.progress = progress
        self.fixes: dict[str, list[Fix]] = {}
        self.texts: dict[str, str] = {}
        self.problems: dict[str, tuple[Finding, ...]] = {f.path: f.problems for f in files}
        self.answers: Answers = {}
        self.sources = {f.path: f for f in files}
        self.read_before: set[str] = set()  # what Airflow 2 reads, if there are ignore files
        self.layout = Layout(self.problems, folder)
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
                self.problem(path, rules.NOT_CHECKED, why=named(error))
                code = None
            self._codes[path] = (self.texts[path], code)
        return code

    def problem(self, path: str, rule: rules.Rule, **words: object) -> None:
        """Add a finding to a file, once."""
        finding = rule.at(0, **words)
        if finding not in self.problems[path]:
            self.problems[path] = (*self.problems[path], finding)

    def copy(self) -> None:
        """Write every file that can be worked on."""
        for source in self.files:
            if source.text is not None:
                self.write(source.path, source.text)
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
        texts = {path: text for path, data in unread.items() if (text := utf8(data))}
        refused = self.airflow.compile(texts)
        versions = {
            "image": ".".join(map(str, self.airflow.python)),
            "own": ".".join(map(str, sys.version_info[:2])),
        }
        for path in texts.keys() - refused.keys():
            self.problems[path] = (rules.NEWER_PYTHON.at(0, **versions),)
            _file(self.root / path).write_bytes(unread[path])

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

    def changed(self, path: str, new: str, fixes: Iterable[Fix]) -> None:
        """Take the new text of a file, and what was done to it."""
        source = self.sources[path].text or ""
        before = self.texts[path]
        self.fixes.setdefault(path, []).extend(
            f.model_copy(update={"line": source_line(source, before, f.line)}) for f in fixes
        )
        if new != before:
            self.write(path, new)

    def take_edits(self) -> None:
        """Put what a person has written in the place of what was made."""
        for path, data in self.edited.items():
            again = read(path, data)
            self.problems[path] = again.problems
            self.fixes.pop(path, None)
            self.texts.pop(path, None)
            if again.text is not None:
                self.write(path, again.text)
            elif not path.endswith(".py"):
                _file(self.root / path).write_bytes(data)

    def resolve(self) -> None:
        """Ask the new environment for every name that it was not asked for yet."""
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

    def write(self, path: str, text: str) -> None:
        """Write the text of one file."""
        self.texts[path] = text
        _file(self.root / path).write_bytes(text.encode())

    def data(self, source: Source) -> bytes | None:
        """Return the bytes of one migrated file."""
        path = source.path
        if source.text is not None and path not in self.edited and path in self.texts:
            return source.encoded(self.texts[path])
        return self.edited.get(path, source.data)


def utf8(data: bytes) -> str:
    """Return the text of bytes in UTF-8; none if they are not."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def named(error: Exception) -> str:
    """Return an exception in a line."""
    return f"{type(error).__name__}: {error}"[:200]


def _file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
