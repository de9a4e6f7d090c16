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
    """End the block in order at Ctrl-C and SIGTERM, and all that was started with it.

    Python alone ends at SIGTERM without any `finally`, and what has a session of its own goes on.

    Raises:
        SystemExit: with 128 and the signal's number, as shells have it.
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
    """Let a signal wait until the block, which cleans up, is over."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def end(*pids: int) -> None:
    """End processes with all that they started, by force after five seconds."""
    family = [one for pid in pids for one in _family(pid)]
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.terminate()
    _, alive = psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
    for one in alive:
        with suppress(psutil.NoSuchProcess):
            one.kill()


def cpu_seconds(*pids: int) -> float:
    """Return the CPU seconds of processes, of all that they started, and of what of it ended."""
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
