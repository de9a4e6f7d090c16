"""Servers that tests start: a free port, waiting for it, and the end."""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PORTS = range(10_000, 32_768)  # Linux gives connections that go out a port above these


def free_port() -> int:
    """Return a loopback port that nobody has now, and nobody is given before it is used.

    The port that the kernel would choose may serve another's connection a moment later.
    """
    while True:
        port = secrets.choice(PORTS)  # other workers choose, too
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def wait_until(ready: Callable[[], object], what: str, seconds: float = 120) -> None:
    """Return when `ready()` is true; it is asked less often the longer it takes.

    Raises:
        AssertionError: it was not within `seconds`.
    """
    began = time.monotonic()
    while not ready():
        waited = time.monotonic() - began
        assert waited < seconds, f"{what}: not within {seconds:g} s"
        time.sleep(min(1, max(0.1, waited / 20)))  # to be asked takes CPU, too


def listening(port: int) -> bool:
    """Tell whether something accepts connections on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: Sequence[object],
    log: Path,
    *,
    port: int | None = None,
    env: Mapping[str, str] | None = None,
    grace: float = 15,
    seconds: float = 120,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server with its output in `log`; stop it, and all it started, at the end.

    Args:
        command: program and arguments.
        log: what the server writes is added to it.
        port: wait until the server listens there.
        env: its whole environment; ours by default.
        grace: seconds to stop in, before it is killed.
        seconds: how long it may take to listen.

    Raises:
        AssertionError: it does not listen; with the end of its log.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )
    try:
        if port is not None:
            ended_or_listening = lambda: process.poll() is not None or listening(port)  # noqa: E731
            wait_until(ended_or_listening, f"{log}: {command[0]} listening", seconds)
            assert process.poll() is None, f"it ended:\n{log.read_text()[-4000:]}"
        yield process
    finally:
        stop(process, grace)


def stop(process: subprocess.Popen[bytes], grace: float = 15) -> None:
    """End the process and its group: politely, then not."""
    for signal_number in (15, 9):
        try:
            os.killpg(process.pid, signal_number)
        except ProcessLookupError:
            break
        try:
            process.wait(grace)
            grace = 0.5  # its children have heard the same signal
        except subprocess.TimeoutExpired:
            continue
    process.wait(5)
