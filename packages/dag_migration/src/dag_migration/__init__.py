"""Moves a folder of Airflow 2 DAGs to Airflow 3: findings, fixes, import tests and a report."""

import sys


def _end(kind: type[BaseException], error: BaseException, _traceback: object) -> None:
    """End in words at Ctrl-C, which may come while the command line still imports."""
    if kind is KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    sys.__excepthook__(kind, error, error.__traceback__)


if sys.excepthook is sys.__excepthook__:  # a program that imports the package may have its own
    sys.excepthook = _end
