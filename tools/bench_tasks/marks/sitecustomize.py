"""Notes when a task's process passes from one part of its work to the next.

Python loads this file by itself at its start. Its own monitoring (PEP 669) calls for the first run
of each function, and never again for one that is no mark: nothing of Airflow is changed. The file
of this name in the image is run, too.
"""

# mypy: ignore-errors
# of the image's Python 3.12; the tools' types are those of 3.11

import json
import os
import resource
import runpy
import sys
import time
from pathlib import Path
from types import CodeType

STARTS = {
    ("execution_time/supervisor.py", "supervise_task"): "supervisor",
    ("execution_time/task_runner.py", "parse"): "bundle",
    ("dag_processing/dagbag.py", "BundleDagBag.__init__"): "parse",
    ("execution_time/supervisor.py", "ActivitySubprocess._upload_logs"): "log upload",
}
ENDS = {
    ("execution_time/task_runner.py", "parse"): "task",
    ("execution_time/supervisor.py", "ActivitySubprocess._upload_logs"): "end",
}


def _note(mark: str) -> None:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    note = {
        "mark": mark,
        "pid": os.getpid(),
        "at": time.monotonic(),
        "cpu": time.process_time(),
        "children_cpu": children.ru_utime + children.ru_stime,
        "modules": len(sys.modules),
    }
    # at once: the forked process ends without a farewell
    os.write(_notes, json.dumps(note).encode() + b"\n")


def _place(code: CodeType) -> tuple[str, str]:
    return "/".join(code.co_filename.rsplit("/", 2)[-2:]), code.co_qualname


def _on_start(code: CodeType, _: int) -> object:
    if code.co_name in _names and (mark := STARTS.get(_place(code))):
        _note(mark)
    return sys.monitoring.DISABLE


def _on_end(code: CodeType, _: int, __: object) -> object:
    if code.co_name in _names and (mark := ENDS.get(_place(code))):
        _note(mark)
    return sys.monitoring.DISABLE


_names = {function.rpartition(".")[2] for _, function in STARTS}  # looked at first: it is quick


_notes = os.open(os.environ["BENCH_NOTES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
_events = sys.monitoring.events
sys.monitoring.use_tool_id(sys.monitoring.PROFILER_ID, "bench")
sys.monitoring.register_callback(sys.monitoring.PROFILER_ID, _events.PY_START, _on_start)
sys.monitoring.register_callback(sys.monitoring.PROFILER_ID, _events.PY_RETURN, _on_end)
sys.monitoring.set_events(sys.monitoring.PROFILER_ID, _events.PY_START | _events.PY_RETURN)

for _folder in sys.path:
    _other = Path(_folder, "sitecustomize.py")
    if _other.is_file() and not _other.samefile(__file__):
        runpy.run_path(str(_other))
        break
