"""An Airflow installation of one test: its folder, its settings, its commands."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.parts.postgres import Postgres

IMAGE = Path(__file__).resolve().parents[2] / "images" / "airflow"
# a probe prints one line of JSON after this mark; all else is Airflow's own talk
MARK = "ANSWER "


@dataclass
class AirflowHome:
    """Runs programs of the image's environment with the image's own files on their path."""

    bin: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def set(self, section: str, **options: object) -> None:
        """Set options of Airflow's configuration, as the chart does: by environment."""
        for name, value in options.items():
            self.environment[f"AIRFLOW__{section.upper()}__{name.upper()}"] = str(value)

    @property
    def env(self) -> dict[str, str]:
        """The whole environment of its processes."""
        kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
        return {
            **kept,
            "PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(IMAGE),
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
            **self.environment,
        }

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment to its end."""
        return subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=self.folder,
            env={**self.env, **more},
        )

    def with_dags(self, postgres: Postgres, database: str, *, like: str) -> None:
        """Add the image's plugins, an empty folder of DAG files, and a database like another."""
        shutil.copytree(IMAGE / "plugins", self.folder / "plugins")
        (self.folder / "dags").mkdir()
        self.set("database", sql_alchemy_conn=postgres.url(postgres.create(database, like=like)))

    def probe(self, source: str, **values: Any) -> Any:
        """Run a piece of Python there, with `values` in `given`; return what it `answer`s."""
        done = self.run("python", "-c", _FRAME + source, GIVEN=json.dumps(values))
        for line in done.stdout.splitlines():
            if line.startswith(MARK):
                return json.loads(line.removeprefix(MARK))
        sys.stderr.write(done.stdout + done.stderr)
        raise AssertionError(f"the probe gave no answer: {done.stderr.strip()[-2000:]}")

    @contextmanager
    def conversation(self, preamble: str) -> Iterator["Conversation"]:
        """Keep one Python process there, to ask it one thing after another."""
        process = subprocess.Popen(
            [str(self.bin / "python"), "-u", "-c", _FRAME + preamble + _LOOP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**self.env, "GIVEN": "{}"},
        )
        with process:
            yield Conversation(process)
            assert process.stdin is not None
            process.stdin.close()


@dataclass
class Conversation:
    """A Python process that evaluates what it is told."""

    process: "subprocess.Popen[str]"

    def eval(self, expression: str) -> Any:
        """Return the expression's value.

        Raises:
            AssertionError: the process ended, its traceback is on stderr.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(expression, file=self.process.stdin, flush=True)
        for line in self.process.stdout:
            if line.startswith(MARK):
                return json.loads(line.removeprefix(MARK))
        raise AssertionError(f"no answer to {expression}: the process ended")

    @contextmanager
    def fresh(self) -> Iterator["Conversation"]:
        """Go on in a forked child, which has what is imported, and none of the connections."""
        self.eval("fork")
        yield self
        self.eval("exit")

    def sleep_past(self, seconds: float) -> None:
        """Wait until what lives that long is over."""
        time.sleep(seconds + 0.5)


_LOOP = """
for line in iter(sys.stdin.readline, ""):
    if line == "exit\\n":
        os._exit(0)
    elif line != "fork\\n":
        answer(eval(line))
    elif os.fork():
        os.wait()
        answer(None)  # to the child's exit
    else:
        answer(None)
"""

_FRAME = f"""
import json, os, sys, tempfile
given = json.loads(os.environ["GIVEN"])
def answer(value):
    print("\\n{MARK}" + json.dumps(value), flush=True)
def ran(main, *words):
    # the exit status of a program whose main function this is, and all that it prints
    kept = {{stream: os.dup(stream) for stream in (1, 2)}}
    with tempfile.TemporaryFile("w+") as output:
        for stream in kept:
            os.dup2(output.fileno(), stream)
        sys.argv = [*words]
        try:
            status = main()
        except SystemExit as ended:
            status = ended.code
        finally:
            sys.stdout.flush()
            for stream, old in kept.items():
                os.dup2(old, stream)
        output.seek(0)
        return status, output.read()
"""
