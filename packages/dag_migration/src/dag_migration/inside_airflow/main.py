"""Answers requests, one JSON object a line, with one JSON line an answer, then {"done": true}.

    {"imports": [[MODULE, NAME]...]}         whether each can be imported, and where it is now
    {"root": FOLDER, "files": [PATH...], "preload": [MODULE...]}
    {"root": FOLDER, "ignoring": "glob"}     which files Airflow reads
    {"compiles": [[KEY, TEXT]...]}           whether this Python accepts each text
    {"options": {SECTION: {OPTION: VALUE}}}  what became of options of an airflow.cfg

`timeout_seconds` and `jobs` hold for each request.
"""

import functools
import gc
import json
import os
import sys
import warnings
from collections.abc import Iterator
from typing import TextIO

from . import configuration, importing, processes, resolving
from .processes import Answer


def main() -> None:
    """Answer requests until standard input ends."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    warnings.simplefilter("ignore")
    processes.adopt_orphans()

    import airflow  # type: ignore[import-not-found]

    importing.dagbag()
    gc.freeze()
    hello = {"airflow": airflow.__version__, "python": list(sys.version_info[:2])}
    out.write(json.dumps(hello) + "\n")
    for line in sys.stdin:
        for answer in _answers(json.loads(line)):
            _say(answer, out)
        _say({"done": True}, out)


def _say(answer: Answer, out: TextIO) -> None:
    out.write(json.dumps(answer) + "\n")


def _answers(request: Answer) -> Iterator[Answer]:
    limit, jobs = request["timeout_seconds"], request["jobs"]
    if "imports" in request:
        for (module, name), answer in resolving.resolved(request["imports"], jobs):
            yield {"module": module, "name": name, **answer}
    elif "ignoring" in request:
        yield {"read": importing.read_by(request["root"], request["ignoring"])}
    elif "compiles" in request:
        for key, text in request["compiles"]:
            yield {"key": key, **importing.compiled(text)}
    elif "options" in request:
        yield from configuration.changes(request["options"])
    else:
        importing.preload(request["preload"])
        root = request["root"]
        questions = [
            (path, functools.partial(importing.import_file, path, root))
            for path in request["files"]
        ]
        for path, answer in processes.run(questions, limit, jobs):
            yield {"file": path, **answer}
