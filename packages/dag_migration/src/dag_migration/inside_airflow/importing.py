"""DAG files, imported as Airflow's DAG processor does it."""

import contextlib
import gc
import importlib
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from .processes import Answer


def import_file(path: str, root: str) -> Answer:
    """Load one DAG file as Airflow's DAG processor does and describe what it holds."""
    sys.path.append(root)
    bag_class, to_dict = dagbag()
    bag = bag_class(path, safe_mode=True, collect_dags=False)
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
    # Airflow collects them in a set, whose order differs from run to run
    return {"outcome": "ok", "dags": [_dag(bag.dags[dag_id]) for dag_id in sorted(bag.dags)]}


def dagbag() -> tuple[Any, Callable[[Any], Any]]:
    """Return the class that loads DAG files and the function that serializes a DAG."""
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


def preload(modules: Iterable[str]) -> None:
    """Import Airflow's own modules once, so that each file's process finds them loaded."""
    for module in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    gc.freeze()


def compiled(text: str) -> Answer:
    """Say whether this Python accepts a text, and what it says if not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a plain string is the author's business
            compile(text, "<dag>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        why = getattr(error, "msg", None) or str(error) or type(error).__name__
        return {"line": getattr(error, "lineno", None) or 0, "why": why}
    return {"line": 0, "why": ""}


def read_by(root: str, syntax: str) -> list[str]:
    """Return the files that Airflow reads when `.airflowignore` holds patterns of this kind."""
    from airflow._shared.module_loading import (  # type: ignore[import-not-found]
        find_path_from_directory,
    )

    try:
        return sorted(find_path_from_directory(root, ".airflowignore", syntax))
    except Exception:  # a pattern that is none in this syntax
        return []


def _dag(dag: Any) -> Answer:
    return {
        "dag_id": dag.dag_id,
        "schedule": _schedule(dag),
        "timetable": type(dag.timetable).__name__,
        "catchup": bool(dag.catchup),
        "tasks": sorted({type(task).__name__ for task in dag.tasks}),
    }


def _schedule(dag: Any) -> str:
    """Return the schedule in words: the timetables of the task SDK have no summary."""
    if summary := getattr(dag.timetable, "summary", ""):
        return str(summary)
    schedule = getattr(dag, "schedule", None)
    if schedule is None:
        return "never"
    for name in ("expression", "delta"):
        if value := getattr(dag.timetable, name, None):
            return str(value)
    name = type(dag.timetable).__name__
    return "assets" if name.startswith("Asset") else name.removesuffix("Timetable").lower()


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
    files = [line.split('"')[1] for line in lines if line.strip().startswith('File "')]
    return {
        "line": int(number) if number.isdigit() else 0,
        "message": message[:500],
        "raised_in": files[-1] if files else "",
    }
