"""An Airflow environment beside this one, asked through `inside_airflow`."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dag_migration.model import Dag, Outcome

START = """
import sys
sys.path.insert(0, {folder!r})
from inside_airflow.main import main
sys.path.remove({folder!r})
main()
"""
KILLED = "the file ended the process that runs the import tests"
Done = Callable[[], None]


class AirflowFailedError(Exception):
    """Airflow could not be started; the message says what it said."""


class _EndedError(Exception):
    """The process inside Airflow ended in the middle of an answer."""


class Airflow:
    """A running Airflow that answers questions; use it in a `with` statement.

    DAG files are code: they run with an empty home and without the variables of this shell, so that
    one that looks for credentials in the usual places finds none. It runs as the same user, though:
    a file that is written to find them does. Migrate only DAGs that you would run.
    """

    def __init__(
        self,
        bin_folder: Path,
        *,
        timeout_seconds: float = 30,
        jobs: int = 2,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare an Airflow; nothing is started yet.

        Args:
            bin_folder: the `bin` folder of its virtual environment.
            timeout_seconds: how long one file may take.
            jobs: how many files are imported at once.
            variables: Airflow variables that DAG files can read, by name.
        """
        # not resolved: the `python` of a virtual environment is a link out of it
        self._bin = Path(os.path.abspath(bin_folder))
        self._timeout_seconds = timeout_seconds
        self._jobs = jobs
        self._variables = dict(variables or {})

    def __enter__(self) -> Self:
        self._home = tempfile.TemporaryDirectory(prefix="airflow-home-", ignore_cleanup_errors=True)
        self._errors = tempfile.TemporaryFile()
        try:
            self._start()
        except BaseException:
            self._errors.close()
            self._home.cleanup()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._errors.close()
        self._home.cleanup()

    def _start(self) -> None:
        program = START.format(folder=str(Path(__file__).parent))
        try:
            self._process = subprocess.Popen(
                [self._bin / "python", "-P", "-c", program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                cwd=self._home.name,
                env=_environment(self._bin, self._home.name, self._variables),
                start_new_session=True,
            )
        except OSError as error:
            raise AirflowFailedError(f"{self._bin / 'python'}: {error.strerror}") from error
        try:
            hello = self._line()
        except _EndedError:
            self._stop()
            raise AirflowFailedError(self._last_words()) from None
        self.version = str(hello["airflow"])
        self.python: tuple[int, int] = (hello["python"][0], hello["python"][1])

    def _stop(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _last_words(self) -> str:
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"Airflow in {self._bin} ended: {said[-1] if said else 'it said nothing'}"

    def resolve(
        self, names: Iterable[tuple[str, str]], done: Done = lambda: None
    ) -> dict[tuple[str, str], dict[str, Any]]:
        """Say for each (module, name) whether it can be imported, and where the name is if not."""
        answers = self._all({"imports": sorted(names)}, done)
        return {(a["module"], a["name"]): a for a in answers}

    def import_files(
        self,
        root: Path,
        paths: Iterable[str],
        *,
        preload: Iterable[str] = (),
        done: Done = lambda: None,
    ) -> dict[str, Outcome]:
        """Import each file below `root` in a process of its own, as the DAG processor does.

        A file that ends the process which starts these processes is found and reported; the
        others are imported by a new one.

        Args:
            root: the DAG folder.
            paths: files, relative to it.
            preload: modules of Airflow that many files import, loaded once before.
            done: called after each file.
        """
        request = {"root": str(root), "preload": sorted(preload)}
        places = (f"{root}/", f"{self._bin.parent}/")
        left = [str(root / path) for path in paths]
        found: dict[str, Outcome] = {}
        alone = 0  # how many of the next files are imported one at a time
        while left:
            batch = left[:1] if alone else left
            alone = max(0, alone - 1)
            try:
                for answer in self._ask({**request, "files": batch}):
                    left.remove(answer["file"])
                    found[_relative(answer["file"], root)] = _outcome(answer, places, root)
                    done()
            except _EndedError:
                self._stop()
                self._start()
                if len(batch) == 1:
                    left.remove(batch[0])
                    found[_relative(batch[0], root)] = Outcome(outcome="crash", message=KILLED)
                    done()
                else:  # one of those that were running
                    alone = min(len(left), self._jobs)
        return found

    @property
    def packages(self) -> frozenset[str]:
        """The names of the installed packages."""
        site = self._bin.parent.glob("lib/python*/site-packages/*.dist-info")
        return frozenset(path.name.partition("-")[0].replace("_", "-").lower() for path in site)

    def read_by(self, root: Path, syntax: str) -> set[str]:
        """Return the files below `root` that Airflow reads when ignore files are in `syntax`.

        Args:
            root: the DAG folder.
            syntax: regexp, the default of Airflow 2, or glob, that of Airflow 3.
        """
        [answer] = self._all({"root": str(root), "ignoring": syntax})
        return {_relative(path, root) for path in answer["read"]}

    def compile(self, texts: Mapping[str, str]) -> dict[str, tuple[int, str]]:
        """Return (line, why) for each text that this Airflow's Python cannot read."""
        answers = self._all({"compiles": sorted(texts.items())})
        return {a["key"]: (a["line"], a["why"]) for a in answers if a["why"]}

    def changed_options(self, options: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
        """Return what became of the options of an older airflow.cfg, where it is not the same."""
        return self._all({"options": options})

    def _all(self, request: dict[str, Any], done: Done = lambda: None) -> list[dict[str, Any]]:
        answers = []
        try:
            for answer in self._ask(request):
                answers.append(answer)
                done()
        except _EndedError:
            raise AirflowFailedError(self._last_words()) from None
        return answers

    def _ask(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        whole = {"timeout_seconds": self._timeout_seconds, "jobs": self._jobs, **request}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(whole) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise _EndedError from None
        while "done" not in (answer := self._line()):
            yield answer

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith("\n"):
            raise _EndedError
        answer: dict[str, Any] = json.loads(line)
        return answer


def _environment(bin_folder: Path, home: str, variables: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": f"{bin_folder}{os.pathsep}{os.defpath}",
        "HOME": home,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        # the limit for each file also ends what hangs in C
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "0",
        "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH": "60",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
        **{f"AIRFLOW_VAR_{name.upper()}": value for name, value in variables.items()},
    }


def _relative(path: str, root: Path) -> str:
    return Path(path).relative_to(root).as_posix()


def _outcome(answer: dict[str, Any], places: Iterable[str], root: Path) -> Outcome:
    message = str(answer.get("message", ""))
    for place in places:  # the same wherever it runs
        message = message.replace(place, "")
    raised_in = Path(answer.get("raised_in", ""))
    return Outcome(
        outcome=answer["outcome"],
        line=answer.get("line", 0),
        # neither addresses nor the name that Airflow loads a DAG file under
        message=re.sub(r" at 0x[0-9a-f]+|\bunusual_prefix_[0-9a-f]{40}_", "", message),
        seconds=answer["seconds"],
        raised_in=_relative(str(raised_in), root) if raised_in.is_relative_to(root) else "",
        dags=tuple(Dag.model_validate(dag) for dag in answer.get("dags", ())),
    )
