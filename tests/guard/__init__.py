"""A plugin of pytest: a test that opens an environment file of the company's fails.

Those files are a company's to replace, so nothing that the suite says may depend on them.
"""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests.guard import sitecustomize
from tests.guard.sitecustomize import REPORT

FOLDER = str(Path(sitecustomize.__file__).parent)


def python_path(*folders: Path | str) -> str:
    """Return a PYTHONPATH for a Python that a test starts: the folders, and the guard."""
    return os.pathsep.join([*map(str, folders), FOLDER])


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Watch this process, and those that it starts."""
    folder = tempfile.TemporaryDirectory(prefix="opened-")
    _kept.append(folder)
    os.environ[REPORT] = str(Path(folder.name) / "files")
    os.environ["PYTHONPATH"] = python_path(*filter(None, [os.environ.get("PYTHONPATH")]))
    sys.addaudithook(sitecustomize.refuse)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Fail a test while which such a file was opened, whatever came of it."""
    report = Path(os.environ[REPORT])
    if report.exists():
        opened = sorted(set(report.read_text().splitlines()))
        report.unlink()
        pytest.fail(f"a company's own files were opened: {', '.join(opened)}", pytrace=False)


_kept: list[tempfile.TemporaryDirectory[str]] = []  # deleted when the process ends
