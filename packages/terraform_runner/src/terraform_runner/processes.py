"""Child processes that never outlive this one, and get the chance to save what they hold."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from terraform_runner.errors import RunError

# Terraform stops gracefully on the first SIGINT: it finishes what is under way and saves the state
PATIENCE_SECONDS = 20.0
RUN_SECONDS = 900.0
START_SECONDS = 180.0  # on a machine that does other things, too


def run(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str],
    inherited: Sequence[int] = (),
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process group of its own; stop it when we are stopped.

    `inherited` are file descriptors that the command holds open as long as it lives.

    Raises:
        RunError: it took longer than 15 minutes.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        pass_fds=inherited,
    ) as process:
        try:
            out, err = process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            _stop(process)
            name = Path(command[0]).name
            raise RunError(
                f"`{name} {command[1]}` was stopped after {RUN_SECONDS:.0f} s",
                stack=folder.name,
            ) from None
        except BaseException:
            _stop(process)
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


@contextmanager
def service(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str],
    ready: re.Pattern[str],
) -> Iterator[re.Match[str]]:
    """Run a server while the block runs; enter it when the server's output matches `ready`.

    On Linux it ends with this process even if this process is killed: it must not go on writing to
    files that the next run opens.

    Raises:
        RunError: it ended or kept silent instead; the message holds its last words.
    """
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*_tied(environment), *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield _wait(process, log, ready)
    finally:
        _stop(process)


def _tied(environment: Mapping[str, str]) -> list[str]:
    program = shutil.which("setpriv", path=environment.get("PATH"))
    return [program, "--pdeathsig", "TERM"] if program else []


def _wait(process: "subprocess.Popen[str]", log: Path, ready: re.Pattern[str]) -> re.Match[str]:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if match := ready.search(log.read_text()):
            return match
        time.sleep(0.05)
    words = " ".join(log.read_text().split()[-40:]) or "it printed nothing"
    raise RunError(f"{log.stem} did not start: {words}")


def _stop(process: "subprocess.Popen[str]") -> None:
    _signal(process, signal.SIGINT)
    # a second Ctrl-C while we wait goes straight on to SIGKILL
    with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        process.communicate(timeout=PATIENCE_SECONDS)
    _signal(process, signal.SIGKILL)  # whatever of the group is left, plugins among it
    process.communicate()


def _signal(process: "subprocess.Popen[str]", sign: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, sign)
