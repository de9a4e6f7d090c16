"""A bench that is interrupted leaves nothing: no process, no folder."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests import ROOT

STARTED = ("postgres", "azurite")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where a bench makes its folders; PostgreSQL's user may enter it."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


def of_the_bench(folder: Path) -> str:
    """Return the command lines of all processes that work below a folder."""
    lines = [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]
    return "\n".join(line for line in lines if str(folder) in line)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_of_an_interrupted_bench(
    airflow: Path, folder: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "tools.bench_tasks", "pod"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"TMPDIR": str(folder)})
    while not all(name in of_the_bench(folder) for name in STARTED):
        assert process.poll() is None
        time.sleep(0.05)

    process.send_signal(number)

    assert process.wait(180) == 128 + number
    assert of_the_bench(folder) == ""
    assert list(folder.iterdir()) == []
