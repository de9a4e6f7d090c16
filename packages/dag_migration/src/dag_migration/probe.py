"""Runs inside an Airflow environment, 2 or 3: imports DAG files, one process each.

Standard library and Airflow only (which mypy, running elsewhere, does not see): it is started
by that environment's own Python. It reads one JSON request a line and writes one JSON line an
answer, then {"done": true}:

    {"root": FOLDER, "files": [PATH...], "imports": [[MODULE, NAME]...], "ignoring": "glob",
     "preload": [MODULE...], "timeout_seconds": 30, "jobs": 2}

Only `fork` keeps the cost of one import of Airflow per run, not per file; it needs Linux or macOS.
"""

import ast
import contextlib
import functools
import gc
import importlib
import importlib.util
import json
import os
import pathlib
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, TextIO

CRASH = "crash"
# Airflow's own modules end; some take 20 s on a busy machine (the Kubernetes client).
LOOKUP_SECONDS = 120
Answer = dict[str, Any]


def import_file(path: str, root: str) -> Answer:
    """Load one DAG file as Airflow's DAG processor does and describe what it holds."""
    sys.path.append(root)
    dagbag, to_dict = _dagbag()
    bag = dagbag(path, safe_mode=True, collect_dags=False)
    bag.process_file(path, only_if_updated=False, safe_mode=True)
    errors = list(bag.import_errors.values())
    if not errors:
        for dag in bag.dags.values():
            try:
                to_dict(dag)
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}")
    if errors:
        return {"outcome": "error", **_described(errors[0], path)}
    return {"outcome": "ok", "dags": [_dag(dag) for dag in bag.dags.values()]}


def _dagbag() -> tuple[Any, Callable[[Any], Any]]:
    try:  # Airflow 3
        from airflow.dag_processing.dagbag import DagBag  # type: ignore[import-not-found]
        from airflow.serialization.serialized_objects import (  # type: ignore[import-not-found]
            DagSerialization,
        )

        return DagBag, DagSerialization.to_dict
    except ImportError:
        from airflow.models.dagbag import DagBag  # type: ignore[import-not-found]
        from airflow.serialization.serialized_objects import SerializedDAG

        return DagBag, SerializedDAG.to_dict


def _dag(dag: Any) -> Answer:
    return {
        "dag_id": dag.dag_id,
        "schedule": str(getattr(dag.timetable, "summary", "")),
        "tasks": sorted({type(task).__name__ for task in dag.tasks}),
    }


def _described(trace: str, path: str) -> Answer:
    """Return the last line of a traceback and the last line of the file that is named in it."""
    lines = [line for line in trace.strip().splitlines() if line.strip()]
    here = [line for line in lines if line.strip().startswith(f'File "{path}", line ')]
    number = here[-1].split(", line ")[1].split(",")[0] if here else "0"
    # A message may go on over several lines: it begins at the last line that is not indented
    # and names an exception.
    starts = [
        i for i, line in enumerate(lines) if line.split(":")[0].replace(".", "").isidentifier()
    ]
    message = " ".join(line.strip() for line in lines[starts[-1] :]) if starts else lines[-1]
    return {"line": int(number) if number.isdigit() else 0, "message": message[:500]}


def resolve(module: str, name: str) -> Answer:
    """Say whether `from module import name` works here, and where the name lives if not."""
    if module.split(".")[0] != "airflow":  # somebody's package: its presence is enough
        present = importlib.util.find_spec(module.split(".")[0]) is not None
        return {"state": "ok"} if present else {"state": "package", "missing": module}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = importlib.import_module(module)
            if not name or name == "*" or hasattr(loaded, name):
                return {"state": "ok"}
            importlib.import_module(f"{module}.{name}")
            return {"state": "ok"}
    except ModuleNotFoundError as error:
        missing = error.name or ""
        asked = f"{module}.{name}" == missing or f"{module}.".startswith(f"{missing}.")
        if not asked and missing.split(".")[0] != "airflow":
            return {"state": "package", "missing": missing}
        return {"state": "gone", "missing": missing, "homes": _homes(module, name)}
    except Exception as error:
        return {"state": "error", "message": f"{type(error).__name__}: {error}"[:300]}


def _homes(module: str, name: str) -> list[str]:
    """Modules that define `name`: in the same provider, or in any when the module is older."""
    import airflow.providers  # type: ignore[import-not-found]

    if not name or name.startswith("_"):
        return []
    if not module.startswith("airflow.providers.") and _in_sdk(name):
        return ["airflow.sdk"]
    folders = [pathlib.Path(folder) for folder in airflow.providers.__path__]
    if not name[0].isupper():  # a function's name says too little to look in all providers
        if module.startswith("airflow.providers."):
            return []
        return sorted(_definitions(folders[0] / "standard", "airflow.providers.standard", name))
    found: set[str] = set()
    for folder in folders:
        for package in sorted(folder.rglob("get_provider_info.py")):
            provider = ".".join(("airflow", "providers", *package.parent.relative_to(folder).parts))
            if module.startswith("airflow.providers.") and not module.startswith(f"{provider}."):
                continue
            found.update(_definitions(package.parent, provider, name))
    return sorted(found)


def _in_sdk(name: str) -> bool:
    try:
        return hasattr(importlib.import_module("airflow.sdk"), name)
    except ImportError:  # Airflow 2
        return False


def _definitions(folder: pathlib.Path, package: str, name: str) -> Iterator[str]:
    for file in folder.rglob("*.py"):
        text = file.read_text(encoding="utf-8", errors="replace")
        if f"class {name}" not in text and f"def {name}" not in text:
            continue
        for node in ast.parse(text).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name:
                parts = file.relative_to(folder).with_suffix("").parts
                yield ".".join((package, *parts)).removesuffix(".__init__")


def provider_of(module: str) -> str:
    """Return the installed provider package a module belongs to, or an empty string."""
    from importlib import metadata

    parts = module.split(".")[2:]
    for length in (3, 2, 1):
        name = "apache-airflow-providers-" + "-".join(parts[:length])
        with contextlib.suppress(metadata.PackageNotFoundError):
            return f"{name}=={metadata.version(name)}"
    return ""


class Child:
    """One forked process that answers one question; it can be late, loud or die."""

    def __init__(self, key: Any, question: Callable[[], Answer], timeout_seconds: float) -> None:
        self.key, self.started, self.read = key, time.monotonic(), b""
        self.deadline = self.started + timeout_seconds
        self.pipe, write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            _answer(question, write)
        os.close(write)

    def stop(self) -> int:
        """End the process and all it started, and return its wait status."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.pipe)
        return os.waitpid(self.pid, 0)[1]

    def result(self, late: bool, timeout_seconds: float) -> Answer:
        """Return the answer, or how the process ended without one."""
        seconds = round(time.monotonic() - self.started, 2)
        if not late and not self.read:
            status = os.waitpid(self.pid, 0)[1]
            os.close(self.pipe)
            return {"outcome": CRASH, "message": _ended(status), "seconds": seconds}
        self.stop()
        if late:
            message = f"no end after {timeout_seconds:g} s"
            return {"outcome": "timeout", "message": message, "seconds": seconds}
        try:
            answer: Answer = json.loads(self.read)
            return {**answer, "seconds": seconds}
        except ValueError:
            return {"outcome": CRASH, "message": "its answer was cut short", "seconds": seconds}


def _answer(question: Callable[[], Answer], write: int) -> NoReturn:
    os.setsid()  # so that what the file starts is ended with it
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    try:
        answer = question()
    except BaseException as error:  # SystemExit at import is a finding as well
        answer = {
            "outcome": "error",
            "line": 0,
            "message": f"{type(error).__name__}: {error}"[:500],
        }
    with contextlib.suppress(OSError), os.fdopen(write, "wb") as out:
        out.write(json.dumps(answer).encode())
    os._exit(0)


def _ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"the process was ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"the process ended itself with exit status {os.WEXITSTATUS(status)}"


def run(
    questions: Sequence[tuple[Any, Callable[[], Answer]]], timeout_seconds: float, jobs: int
) -> Iterator[tuple[Any, Answer]]:
    """Yield (key, answer) for each question, `jobs` at a time."""
    waiting = list(reversed(questions))
    running: dict[int, Child] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            key, question = waiting.pop()
            child = Child(key, question, timeout_seconds)
            running[child.pipe] = child
        ready, _, _ = select.select(list(running), [], [], 0.2)
        for pipe in ready:
            if chunk := os.read(pipe, 1 << 16):
                running[pipe].read += chunk
            else:
                child = running.pop(pipe)
                yield child.key, child.result(False, timeout_seconds)
        now = time.monotonic()
        for pipe in [pipe for pipe, child in running.items() if child.deadline < now]:
            child = running.pop(pipe)
            yield child.key, child.result(True, timeout_seconds)


def main() -> None:
    """Answer requests, one a line, until standard input ends."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    warnings.simplefilter("ignore")
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [place for place in sys.path if os.path.abspath(place) != here]

    import airflow

    _dagbag()
    gc.freeze()
    out.write(json.dumps({"airflow": airflow.__version__}) + "\n")
    for line in sys.stdin:
        _work(json.loads(line), out)
        out.write(json.dumps({"done": True}) + "\n")


def _work(request: Answer, out: TextIO) -> None:
    limit, jobs = request["timeout_seconds"], request["jobs"]
    for (module, name), answer in _resolved(request["imports"], jobs):
        out.write(json.dumps({"module": module, "name": name, **answer}) + "\n")
    _preload(request["preload"])
    root = request["root"]
    if request["ignoring"]:
        out.write(json.dumps({"read": _read(root, request["ignoring"])}) + "\n")
    files = [(path, functools.partial(import_file, path, root)) for path in request["files"]]
    for path, answer in run(files, limit, jobs):
        out.write(json.dumps({"file": path, **answer}) + "\n")


def _read(root: str, syntax: str) -> list[str]:
    """Return the files that Airflow reads when `.airflowignore` holds patterns of this kind."""
    from airflow._shared.module_loading import (  # type: ignore[import-not-found]
        find_path_from_directory,
    )

    try:
        return sorted(find_path_from_directory(root, ".airflowignore", syntax))
    except Exception:  # a pattern that is none in this syntax
        return []


def _resolved(names: list[list[str]], jobs: int) -> Iterator[tuple[tuple[str, str], Answer]]:
    """Yield each name's answer: in few processes first, alone where one of those died."""
    size = max(1, len(names) // (4 * jobs))
    keys = [(module, name) for module, name in names]
    parts = [tuple(keys[i : i + size]) for i in range(0, len(keys), size)]
    ask = [(part, functools.partial(_together, part)) for part in parts]
    for part, answer in run(ask, LOOKUP_SECONDS * len(names), jobs):
        if "answers" in answer:
            yield from zip(part, answer["answers"], strict=True)
        else:
            alone = [(key, functools.partial(_located, *key)) for key in part]
            yield from run(alone, LOOKUP_SECONDS, jobs)


def _together(names: tuple[tuple[str, str], ...]) -> Answer:
    return {"answers": [_located(*key) for key in names]}


def _located(module: str, name: str) -> Answer:
    return {**resolve(module, name), "provider": provider_of(module)}


def _preload(modules: list[str]) -> None:
    """Import Airflow's own modules once, so that each file's process finds them loaded."""
    for module in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    gc.freeze()


if __name__ == "__main__":
    main()
