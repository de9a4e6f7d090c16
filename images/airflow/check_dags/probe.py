"""Imports every DAG file as the DAG processor does and prints what it saw, as JSON lines.

Run as a script by Airflow's own Python; each file is imported in a child process of its own, so
that one file that hangs or crashes does not hide the others.
"""

import json
import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from itertools import dropwhile
from pathlib import Path
from typing import Any

from airflow.configuration import conf  # type: ignore[import-not-found,unused-ignore]
from airflow.dag_processing.dagbag import DagBag  # type: ignore[import-not-found,unused-ignore]
from airflow.utils.file import list_py_file_paths  # type: ignore[import-not-found,unused-ignore]

# Python's own audit events (the page "Audit events table") that mean: this talks to something.
TALKS = {
    "socket.connect": "a network connection",
    "socket.getaddrinfo": "a look-up of a host name",
    "sqlite3.connect": "a query of Airflow's metadata database (a connection or a variable)",
    "subprocess.Popen": "another program",
    "os.system": "another program",
    "os.fork": "a copy of its own process",
    "os.remove": "a deletion of a file",
    "os.rename": "a renaming of a file",
}
STARTS_DBT = "AbstractDbtBase"  # of Cosmos
DOES_NOTHING = {"EmptyOperator"}


def main() -> None:
    """Print one line of JSON for each Python file of the folder in argv[1], from the argv[3]th."""
    folder, seconds, done = Path(sys.argv[1]).resolve(), int(sys.argv[2]), int(sys.argv[3])
    sys.path.append(str(folder))  # as Airflow does with the folder of a team: at the end
    for file in sorted(list_py_file_paths(folder, safe_mode=False))[done:]:
        print(json.dumps({"file": str(file)}), flush=True)  # should this file end the probe
        answer = _import_apart(Path(file), folder, seconds)
        print(json.dumps({"file": str(file), **answer}), flush=True)


def _import_apart(file: Path, folder: Path, seconds: int) -> dict[str, Any]:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os.setsid()  # what it starts ends with it
        os.dup2(2, 1)  # what a DAG file prints is not part of the answer
        importing = os.getpid()
        text = json.dumps(_import(file, folder)).encode()
        if os.getpid() == importing:  # else it is a copy that the file made of this process
            with os.fdopen(write, "wb") as answer:
                answer.write(text)
        os._exit(0)
    os.close(write)
    text, status = _answer(child, read, time.monotonic() + seconds)
    if status is None:
        return {"error": f"still importing after {seconds} seconds", "line": 1}
    try:
        facts: dict[str, Any] = json.loads(text)
    except ValueError:
        code = os.waitstatus_to_exitcode(status)
        how = f"status {code}" if code >= 0 else signal.Signals(-code).name
        return {"error": f"the import ended Python ({how})", "line": 1}
    return facts


def _answer(child: int, read: int, deadline: float) -> tuple[bytes, int | None]:
    """Return what the child wrote and its status; None if it had to be ended.

    A copy that the file made of the process may hold the pipe open: its end is not waited for.
    """
    os.set_blocking(read, False)
    text, status = b"", None
    while status is None and time.monotonic() < deadline:
        text += _available(read)
        ended, code = os.waitpid(child, os.WNOHANG)
        status = code if ended else None
        time.sleep(0 if ended else 0.01)
    text += _available(read)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
    os.close(read)
    return text, status


def _available(read: int) -> bytes:
    found = b""
    with suppress(BlockingIOError):
        while part := os.read(read, 65536):
            found += part
    return found


def _import(file: Path, folder: Path) -> dict[str, Any]:
    talks: list[dict[str, Any]] = []
    sys.addaudithook(lambda event, args: _note(talks, folder, event, args))
    started = _clock()
    bag = DagBag(file, bundle_path=folder, bundle_name="check", safe_mode=False)
    elapsed = _clock() - started
    if bag.import_errors:
        error = next(iter(bag.import_errors.values()))
        return {"error": _said(error), "line": _line_in(error, file)}
    return {"seconds": elapsed, "talks": talks, "dags": [_describe(d) for d in bag.dags.values()]}


def _clock() -> float:
    """Return a time in seconds that stands still while other programs have the processor."""
    try:
        delayed = int(Path("/proc/self/schedstat").read_text().split()[1])
    except (OSError, IndexError, ValueError):  # only Linux counts it
        delayed = 0
    return time.monotonic() - delayed / 1e9


def _note(talks: list[dict[str, Any]], folder: Path, event: str, args: tuple[Any, ...]) -> None:
    what = TALKS.get(event)
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        what = f"a file that it writes, {args[0]}"
    if what is None:
        return
    frames = traceback.extract_stack()
    # only what the author's own line set off: Airflow's own work is not theirs to answer for
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    if own and not any("importlib" in frame.filename for frame in frames[frames.index(own[-1]) :]):
        talks.append({"file": own[-1].filename, "line": own[-1].lineno, "what": what})


def _said(error: str) -> str:
    """Return what the error itself says, in one line: all that follows the frames that led to it.

    A frame has lines of code below it, which are indented. Airflow's own errors have no frames.
    """
    _, frames, said = f"\n{error}".rpartition("\n  File ")
    lines = said.splitlines()
    if frames:
        lines = list(dropwhile(lambda line: line[:1].isspace(), lines[1:]))
    return " ".join(" ".join(lines or error.splitlines()[-1:]).split())


def _line_in(error: str, file: Path) -> int:
    lines = [part.split("line ")[1] for part in error.splitlines() if f'"{file}", line ' in part]
    return int(lines[-1].split(",")[0]) if lines else 0


def _describe(dag: Any) -> dict[str, Any]:
    return {
        "dag_id": dag.dag_id,
        "owners": sorted({task.owner for task in dag.tasks}),
        "tags": sorted(dag.tags),
        "doc": bool(dag.doc_md),
        "access_control": bool(dag.access_control),
        "executors": [found for task in dag.tasks for found in _worker_problems(task)],
        "pods": [found for task in dag.tasks for found in _pod_problems(task)],
        "starts_of_dbt": sum(
            STARTS_DBT in {kind.__name__ for kind in type(task).__mro__} for task in dag.tasks
        ),
        "not_retried": [
            task.task_id
            for task in dag.tasks
            if not task.retries and task.task_type not in DOES_NOTHING
        ],
    }


def _worker_problems(task: Any) -> list[str]:
    """Return what a worker of Celery does not do for a task that may run in one."""
    executor = task.executor or conf.get("core", "executor").split(",")[0]
    if not executor.endswith("CeleryExecutor"):
        return []
    checks = {
        f"no worker listens to the queue {task.queue}": task.queue
        != conf.get("operators", "default_queue"),
        "executor_config has no effect in a worker, which many tasks share": bool(
            task.executor_config
        ),
    }
    return [f"task {task.task_id}: {what}" for what, wrong in checks.items() if wrong]


def _pod_problems(task: Any) -> list[str]:
    """Return what the platform cannot put right in a KubernetesPodOperator's pod."""
    if "KubernetesPodOperator" not in {kind.__name__ for kind in type(task).__mro__}:
        return []
    security = task.container_security_context or {}
    pod_security = task.security_context or {}
    if not isinstance(security, dict):
        security = {"privileged": security.privileged, "runAsUser": security.run_as_user}
    user = security.get("runAsUser", security.get("run_as_user"))
    host = str(task.image or "").partition("/")[0]
    checks = {
        f"image {task.image} is not from the platform's registry": "." not in host,
        "it is privileged": bool(security.get("privileged")),
        "it runs as root": 0
        in (user, isinstance(pod_security, dict) and pod_security.get("runAsUser", 1)),
        "it uses the node's network (hostnetwork)": bool(task.hostnetwork),
        "it mounts a folder of the node (hostPath)": "host_path" in _set_fields(task.volumes),
        f"namespace {task.namespace} is not airflow-tasks": task.namespace
        not in (None, "airflow-tasks"),
        "it names another cluster": bool(task.config_file or task.cluster_context),
    }
    return [f"task {task.task_id}: {what}" for what, wrong in checks.items() if wrong]


def _set_fields(volumes: Any) -> set[str]:
    made = [volume if isinstance(volume, dict) else volume.to_dict() for volume in volumes or ()]
    named = {key for volume in made for key, value in volume.items() if value}
    return {"host_path" if key == "hostPath" else key for key in named}


if __name__ == "__main__":
    main()
