"""Refuses that a test opens a file of the company's, and writes down that it was tried.

Python imports a module of this name in every process that has this folder on its PYTHONPATH: in
pytest (tests/guard/__init__.py), and in each Python that tests start with pytest's environment.
Other programs, and a Python with an environment of its own, are not seen.
"""

import atexit
import gc
import os
import sys

REPORT = "TESTS_OPENED_FILES_OF_THE_COMPANY"
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_FOLDERS = {os.path.join(_ROOT, name) for name in ("environments", "policy")}


class OwnValuesError(Exception):
    """A test opened what belongs to the company; whoever hides this is told by the report."""


def refuse(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse to open `environments/*.toml` and `policy/*.toml` of this checkout."""
    if event != "open" or not isinstance(arguments[0], str | bytes | os.PathLike):
        return
    name = os.fsdecode(arguments[0])
    if name.endswith(".toml") and os.path.dirname(os.path.realpath(name)) in _FOLDERS:
        if report := os.environ.get(REPORT):
            with open(report, "a") as file:
                file.write(name + "\n")
        raise OwnValuesError(f"{name} is a company's; tests have tests/environment_files")


if REPORT in os.environ:
    sys.addaudithook(refuse)
    gc.set_threshold(50_000, 20, 100)  # as pytest's own process (conftest.py): a tenth less CPU
    atexit.register(gc.freeze)  # spares a last look at all objects: a third less for a short tool
