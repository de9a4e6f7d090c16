"""One way to have an HTTP server of a test answer while the test runs."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

# How often the server looks whether it shall stop; Python's own half a second is waited for at the
# end of each test.
LOOK_S = 0.02
S = TypeVar("S", bound=socketserver.BaseServer)


class Quiet:
    """The part of a handler that logs, and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(server: S) -> Iterator[S]:
    """Let a server answer in a thread of its own, and close it at the end."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(LOOK_S,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
