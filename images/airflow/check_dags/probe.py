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
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag  # type: ignore[import-not-found,unused-ignore]
from airflow.utils.file import list_py_file_paths  # type: ignore[import-not-found,unused-ignore]

# Python's own audit events (the page "Audit events table") that mean: this talks to something.
TALKS = {
    "socket.connect": "a network connection",
    "socket.getaddrinfo": "a look-up of a host name",
    "sqlite3.connect": "a query of Airflow's metadata database (a connection or a variable)",
    "subprocess.Popen": "another program",
    "os.system": "another program",
    "os.remove": "a deletion of a file",
    "os.rename": "a renaming of a file",
}
DOES_NOTHING = {"EmptyOperator"}


def main() -> None:
    """Print one line of JSON for each Python file of the folder in argv[1]."""
    folder, seconds = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    sys.path.append(str(folder))  # as Airflow does with the folder of a team: at the end
    for file in sorted(list_py_file_paths(folder, safe_mode=False)):
        print(json.dumps({"file": str(file), **_import_apart(Path(file), folder, seconds)}))


def _import_apart(file: Path, folder: Path, seconds: int) -> dict[str, Any]:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os.dup2(2, 1)  # what a DAG file prints is not part of the answer
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)
        with os.fdopen(write, "w") as answer:
            json.dump(_import(file, folder), answer)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return {"error": f"still importing after {seconds} seconds", "line": 1}
    if not text:
        return {"error": f"the import ended Python (status {status})", "line": 1}
    facts: dict[str, Any] = json.loads(text)
    return facts


def _import(file: Path, folder: Path) -> dict[str, Any]:
    talks: list[dict[str, Any]] = []
    sys.addaudithook(lambda event, args: _note(talks, folder, event, args))
    started = _clock()
    bag = DagBag(file, bundle_path=folder, bundle_name="check", safe_mode=False)
    elapsed = _clock() - started
    if bag.import_errors:
        error = next(iter(bag.import_errors.values()))
        return {"error": error.strip().splitlines()[-1], "line": _line_in(error, file)}
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


def _line_in(error: str, file: Path) -> int:
    lines = [part.split("line ")[1] for part in error.splitlines() if f'"{file}", line ' in part]
    return int(lines[-1].split(",")[0]) if lines else 0


def _describe(dag: Any) -> dict[str, Any]:
    return {
        "dag_id": dag.dag_id,
        "owners": sorted({task.owner for task in dag.tasks}),
        "tags": sorted(dag.tags),
        "doc": bool(dag.doc_md),
        "not_retried": [
            task.task_id
            for task in dag.tasks
            if not task.retries and task.task_type not in DOES_NOTHING
        ],
    }


if __name__ == "__main__":
    main()
