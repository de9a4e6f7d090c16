"""The processes of a bench: how they end with it, and how much CPU they took."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import psutil

SIGNALS = (signal.SIGINT, signal.SIGTERM)
PATIENCE_SECONDS = 5


@contextmanager
def nothing_left() -> Iterator[None]:
    """End the block at Ctrl-C or SIGTERM as at an exception, and end the processes it started.

    Python alone ends at SIGTERM without any `finally`, and children in their own session go on.

    Raises:
        SystemExit: with 128 and the signal's number, as in shells.
    """
    before = {each: signal.signal(each, _stop) for each in SIGNALS}
    try:
        yield
    finally:
        with undisturbed():
            end(*(child.pid for child in psutil.Process().children()))
        for each, handler in before.items():
            signal.signal(each, handler)


def _stop(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold signals back until the block, which cleans up, has ended."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def end(*pids: int) -> None:
    """End processes and their descendants: by SIGTERM, and by SIGKILL after five seconds."""
    family = [one for pid in pids for one in _family(pid)]
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.terminate()
    _, alive = psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
    for one in alive:
        with suppress(psutil.NoSuchProcess):
            one.kill()


def cpu_seconds(*pids: int) -> float:
    """Return the CPU seconds of processes and their descendants, those that ended included."""
    return sum(_own(one) for pid in pids for one in _family(pid))


def _own(one: psutil.Process) -> float:
    try:
        return float(sum(one.cpu_times()[:4]))  # its own, and of children that it waited for
    except psutil.NoSuchProcess:
        return 0.0


def _family(pid: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid)
        return [*first.children(recursive=True), first]
    except psutil.NoSuchProcess:
        return []
