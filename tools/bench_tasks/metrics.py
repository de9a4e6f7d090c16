"""The timers that Airflow sends by StatsD."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

TIMER = re.compile(r"(?P<name>[^,:|]+)(?:,[^:|]*)?:(?P<milliseconds>[^|]+)\|ms")
LOOP = "airflow.scheduler.scheduler_loop_duration"  # without the pause after a loop


@dataclass
class Timers:
    """The values of each timer so far, in seconds."""

    port: int
    heard: dict[str, list[float]] = field(default_factory=dict)

    def hear(self, datagram: str) -> None:
        """Read one datagram, whose timers are in milliseconds."""
        for found in TIMER.finditer(datagram):
            seconds = float(found["milliseconds"]) / 1_000
            self.heard.setdefault(found["name"].strip(), []).append(seconds)

    def take(self, name: str) -> list[float]:
        """Return the values of a timer since the last call, in seconds."""
        return self.heard.pop(name, [])


@contextmanager
def timers() -> Iterator[Timers]:
    """Listen on a free UDP port of this machine while the block runs."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.2)
        heard, over = Timers(receiver.getsockname()[1]), threading.Event()

        def listen() -> None:
            while not over.is_set():
                try:
                    heard.hear(receiver.recv(65536).decode())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield heard
        finally:
            over.set()
            thread.join()
