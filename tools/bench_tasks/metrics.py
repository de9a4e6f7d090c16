"""What Airflow measures of itself: the timers that it sends by StatsD."""

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
    """The seconds that were heard of each timer."""

    port: int
    heard: dict[str, list[float]] = field(default_factory=dict)

    def hear(self, datagram: str) -> None:
        """Take in one datagram."""
        for found in TIMER.finditer(datagram):
            seconds = float(found["milliseconds"]) / 1_000
            self.heard.setdefault(found["name"].strip(), []).append(seconds)

    def take(self, name: str) -> list[float]:
        """Return what was heard of a timer since the last time."""
        return self.heard.pop(name, [])


@contextmanager
def timers() -> Iterator[Timers]:
    """Listen on a free port."""
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
