"""Questions that run code of others, each in a process that can be late, loud, hostile or dead.

Two forks for each question: a worker that runs the code, and a keeper that runs none of it. The
keeper waits for the worker's answer and then ends everything that the worker has started, processes
in sessions of their own included: on Linux those whose parent ended become children of the keeper.
Only `fork` keeps the cost of one import of Airflow per run, not per file; it needs Linux or macOS.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

Answer = dict[str, Any]
Question = Callable[[], Answer]
CRASH = "crash"
TIMEOUT = "timeout"
GRACE_SECONDS = 5.0  # a keeper that its worker has stopped never answers
CLEANING_SECONDS = 2.0
POLL_SECONDS = 0.1
# of <sys/prctl.h>
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose parent ends (Linux)."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _end_with_parent() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def run(
    questions: Sequence[tuple[Any, Question]], timeout_seconds: float, jobs: int
) -> Iterator[tuple[Any, Answer]]:
    """Yield (key, answer) for each question as it comes, `jobs` at a time, started in order."""
    waiting = list(reversed(questions))
    running: dict[int, _Kept] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            key, question = waiting.pop()
            kept = _Kept(key, question, timeout_seconds)
            running[kept.pipe] = kept
        ready, _, _ = select.select(list(running), [], [], 0.2)
        ended = [pipe for pipe in ready if not running[pipe].receive()]
        now = time.monotonic()
        ended += [p for p, kept in running.items() if kept.deadline < now and p not in ended]
        for pipe in ended:
            kept = running.pop(pipe)
            answer = kept.result()
            # what its keeper did not end in time, or could not, came to this process
            _end_all_but({other.pid for other in running.values()})
            yield kept.key, answer


class _Kept:
    """One question with its keeper, seen from the process that asks."""

    def __init__(self, key: Any, question: Question, timeout_seconds: float) -> None:
        self.key, self._limit, self._started = key, timeout_seconds, time.monotonic()
        self.deadline = self._started + timeout_seconds + GRACE_SECONDS
        self._said = b""
        self.pipe, write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            _keep(question, write, timeout_seconds)
        os.close(write)

    @property
    def answered(self) -> bool:
        """Whether the keeper has said its line."""
        return self._said.endswith(b"\n")

    def receive(self) -> bool:
        """Take what the keeper says, and whether it may say more."""
        chunk = os.read(self.pipe, 1 << 16)
        self._said += chunk
        return bool(chunk)

    def result(self) -> Answer:
        """End the keeper and return the answer, or why there is none."""
        late = self.deadline < time.monotonic()
        _kill(self.pid)
        os.close(self.pipe)
        seconds = round(time.monotonic() - self._started, 2)
        if self.answered:
            answer: Answer = json.loads(self._said)
        elif late:
            answer = {"outcome": TIMEOUT, "message": f"no end after {self._limit:g} s"}
        else:
            answer = {"outcome": CRASH, "message": "the file ended the process that started it"}
        return {**answer, "seconds": seconds}


def _keep(question: Question, write: int, timeout_seconds: float) -> NoReturn:
    """Run in the keeper: start the worker, pass its answer on, end what it left behind."""
    os.setsid()
    # a file may end the process above: this one then ends what its worker has started, and itself
    signal.signal(signal.SIGTERM, _give_up)
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    adopt_orphans()
    os.closerange(3, write)  # not the way on which the process above answers
    os.closerange(write + 1, write + 1024)
    pipe, answers = os.pipe()
    worker = os.fork()
    if worker == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.close(pipe)
        os.close(write)
        _work(question, answers)
    os.close(answers)
    answer = _wait(worker, pipe, time.monotonic() + timeout_seconds, timeout_seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker, signal.SIGKILL)
    _kill(worker)
    _end_all_but(set())
    with os.fdopen(write, "wb") as out:
        out.write(json.dumps(answer).encode() + b"\n")
    os._exit(0)


def _give_up(*_: object) -> NoReturn:
    _end_all_but(set())
    os._exit(1)


def _wait(worker: int, pipe: int, deadline: float, timeout_seconds: float) -> Answer:
    said, is_open = b"", True
    while time.monotonic() < deadline:
        ready, _, _ = select.select([pipe] if is_open else [], [], [], POLL_SECONDS)
        if ready:
            chunk = os.read(pipe, 1 << 16)
            said, is_open = said + chunk, bool(chunk)
        if said.endswith(b"\n"):
            return _parsed(said)
        if not ready or not is_open:  # what the worker started may hold the pipe open
            ended, status = os.waitpid(worker, os.WNOHANG)
            if ended:
                return {"outcome": CRASH, "message": _ended(status)}
    return {"outcome": TIMEOUT, "message": f"no end after {timeout_seconds:g} s"}


def _parsed(said: bytes) -> Answer:
    try:
        answer: Answer = json.loads(said)
    except ValueError:  # the file wrote into the pipe
        return {"outcome": CRASH, "message": "its answer cannot be read"}
    return answer


def _ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"the process was ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"the process ended itself with exit status {os.WEXITSTATUS(status)}"


def _work(question: Question, write: int) -> NoReturn:
    """Run in the worker: answer, and never come back, whatever the code does."""
    os.setsid()
    _end_with_parent()
    me = os.getpid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    try:
        answer = question()
    except BaseException as error:  # SystemExit at import is a finding as well
        message = f"{type(error).__name__}: {error}"[:500]
        answer = {"outcome": "error", "line": 0, "message": message}
    if os.getpid() == me:  # a fork at the top level of the file comes here as well
        with contextlib.suppress(OSError), os.fdopen(write, "wb") as out:
            out.write(json.dumps(answer).encode() + b"\n")
    os._exit(0)


def _children() -> set[int]:
    """Return the processes whose parent is this one (Linux; elsewhere none are known)."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    with contextlib.suppress(OSError):
        return {int(pid) for pid in listed.read_text().split()}
    me, found = os.getpid(), set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # the name of the program, in parentheses, may hold spaces
            if int(stat.read_bytes().rpartition(b")")[2].split()[1]) == me:
                found.add(int(stat.parent.name))
    return found


def _end_all_but(kept: set[int]) -> None:
    """End this process's other children, until there are none: ended ones leave orphans."""
    deadline = time.monotonic() + CLEANING_SECONDS
    while (pids := _children() - kept) and time.monotonic() < deadline:
        for pid in pids:
            _kill(pid)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
