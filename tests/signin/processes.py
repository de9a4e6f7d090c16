"""Programs and servers that the tests start, and stop again."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

START_SECONDS = 120


def needed(name: str, path: str) -> str:
    """Return the program's path; without it a test is skipped, but fails in CI."""
    if found := shutil.which(name) or shutil.which(path):
        return found
    message = f"{name} is not installed: apt-get install {name}"
    if os.environ.get("CI"):
        pytest.fail(f"CI must have it: {message}")
    pytest.skip(message)


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def run(
    command: Sequence[object],
    environment: Mapping[str, str],
    *,
    check: bool = True,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run to the end, at most `timeout` seconds."""
    return subprocess.run(
        [str(part) for part in command],
        env=environment,
        capture_output=True,
        text=True,
        check=check,
        timeout=timeout,
    )


class started:  # noqa: N801  # reads as a verb: `with started(...)`
    """Run a server while the block lasts, its output in a file."""

    def __init__(
        self, command: Sequence[object], environment: Mapping[str, str], log: Path
    ) -> None:
        self._command, self._environment, self._log = command, environment, log

    def __enter__(self) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(part) for part in self._command],
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(3)  # open connections of the browser would hold it for long
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server listens; fail with the end of its log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(
        f"{log.stem} did not start, exit status {server.poll()}:\n{log.read_text()[-4000:]}"
    )
