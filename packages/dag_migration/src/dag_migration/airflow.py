"""An Airflow environment beside this one, asked through `probe.py`."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dag_migration.model import Dag, Outcome

PROBE = Path(__file__).with_name("probe.py")


class AirflowFailedError(Exception):
    """Airflow could not be started; the message says what it said."""


class Airflow:
    """A running probe; use it in a `with` statement.

    DAG files are code: they run with an empty home and without the variables of this shell, so that
    credentials of the person who migrates do not reach them.
    """

    def __init__(self, bin_folder: Path, *, timeout_seconds: float = 30, jobs: int = 2) -> None:
        self._bin = bin_folder
        self._timeout_seconds = timeout_seconds
        self._jobs = jobs

    def __enter__(self) -> Self:
        self._home = tempfile.TemporaryDirectory(prefix="airflow-home-", ignore_cleanup_errors=True)
        self._errors = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                [self._bin / "python", PROBE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                cwd=self._home.name,
                env=_environment(self._bin, self._home.name),
            )
        except OSError as error:
            raise AirflowFailedError(f"{self._bin / 'python'}: {error.strerror}") from error
        self.version = str(self._line()["airflow"])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()
        self._home.cleanup()

    def resolve(
        self, names: Iterable[tuple[str, str]], done: Callable[[], None] = lambda: None
    ) -> dict[tuple[str, str], dict[str, Any]]:
        """Say for each (module, name) whether it can be imported, and where the name is if not."""
        answers = self._ask({"imports": sorted(names)}, done)
        return {(a["module"], a["name"]): a for a in answers}

    def import_files(
        self,
        root: Path,
        paths: Iterable[str],
        *,
        preload: Iterable[str] = (),
        done: Callable[[], None] = lambda: None,
    ) -> dict[str, Outcome]:
        """Import each file below `root` in a process of its own, as the DAG processor does.

        Args:
            root: the DAG folder.
            paths: files, relative to it.
            preload: modules of Airflow that many files import, loaded once before.
            done: called after each file.
        """
        files = [str(root / path) for path in paths]
        request = {"root": str(root), "files": files, "preload": sorted(preload)}
        answers = self._ask(request, done)
        places = (f"{root}/", f"{self._bin.parent}/")
        return {Path(a["file"]).relative_to(root).as_posix(): _outcome(a, places) for a in answers}

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
        [answer] = self._ask({"root": str(root), "ignoring": syntax}, lambda: None)
        return {Path(path).relative_to(root).as_posix() for path in answer["read"]}

    def _ask(self, request: dict[str, Any], done: Callable[[], None]) -> list[dict[str, Any]]:
        whole: dict[str, Any] = {"root": "", "files": [], "imports": [], "preload": []}
        whole |= {"ignoring": "", "timeout_seconds": self._timeout_seconds, "jobs": self._jobs}
        whole |= request
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(whole) + "\n")
        self._process.stdin.flush()
        answers = []
        while "done" not in (answer := self._line()):
            answers.append(answer)
            done()
        return answers

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip().splitlines()
            raise AirflowFailedError(
                f"Airflow in {self._bin} ended: {said[-1] if said else 'it said nothing'}"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer


def _environment(bin_folder: Path, home: str) -> dict[str, str]:
    return {
        "PATH": f"{bin_folder}{os.pathsep}{os.defpath}",
        "HOME": home,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        # the probe's own limit also ends what hangs in C
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "0",
        "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH": "60",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
    }


def _outcome(answer: dict[str, Any], places: Iterable[str]) -> Outcome:
    message = str(answer.get("message", ""))
    for place in places:  # the same wherever it runs
        message = message.replace(place, "")
    return Outcome(
        outcome=answer["outcome"],
        line=answer.get("line", 0),
        # neither addresses nor the name that Airflow loads a DAG file under
        message=re.sub(r" at 0x[0-9a-f]+|\bunusual_prefix_[0-9a-f]{40}_", "", message),
        seconds=answer["seconds"],
        dags=tuple(Dag.model_validate(dag) for dag in answer.get("dags", ())),
    )
