"""Programs that Terraform starts as providers, and this process that answers in their place.

Terraform starts a provider a dozen times in one deployment. So each program is two lines of shell:
it announces itself on a named pipe, gets a line from this process that says where its server
listens, prints it as Terraform expects, and ends when the pipe is closed.
"""

import os
import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from standin_providers.certificate import new_certificate
from standin_providers.server import serving
from standin_providers.standin_provider import StandInProvider

_SCRIPT = """#!/bin/sh
# Hands Terraform over to a stand-in provider, which lives in another process.
trap '' INT  # Ctrl-C is for Terraform, which stops its providers itself
calls={calls}
[ -p "$calls/new" ] || {{ echo "the run that serves this provider has ended" >&2; exit 1; }}
mkfifo "$calls/$$" && echo "$$" > "$calls/new" && exec cat "$calls/$$"
"""


@contextmanager
def plugin_program(new_provider: Callable[[], StandInProvider]) -> Iterator[str]:
    """Answer each start of the program with a provider of its own; yields the program's text."""
    with TemporaryDirectory(prefix="tf-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        os.mkfifo(folder / "new")
        calls = os.open(folder / "new", os.O_RDWR)  # held for writing too: it never ends by itself
        listener = threading.Thread(target=_listen, args=(calls, folder, new_provider), daemon=True)
        listener.start()
        try:
            yield _SCRIPT.format(calls=shlex.quote(name))
        finally:
            os.write(calls, b"\n")  # an empty line ends the listener
            listener.join()
            os.close(calls)


def _listen(calls: int, folder: Path, new_provider: Callable[[], StandInProvider]) -> None:
    certificate = new_certificate()
    with ExitStack() as servers, os.fdopen(os.dup(calls)) as lines:
        for line in lines:
            if not (process := line.strip()):
                return
            # a start that is killed at once leaves a pipe that nobody reads: so read it here too
            pipe = os.open(folder / process, os.O_RDWR)
            done = _closing(pipe, folder / process)
            servers.callback(done)
            socket = servers.enter_context(
                serving(new_provider(), certificate.credentials, on_shutdown=done)
            )
            os.write(pipe, f"1|6|unix|{socket}|grpc|{certificate.printed}\n".encode())


def _closing(pipe: int, path: Path) -> Callable[[], None]:
    """Return what ends the program at the other end of the pipe; to call it twice does no harm."""
    once = threading.Lock()

    def close() -> None:
        if once.acquire(blocking=False):
            with suppress(OSError):
                path.unlink(missing_ok=True)
            os.close(pipe)

    return close
