"""The receiving end of StatsD: a UDP port that keeps the names it hears."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# name,tag=value,tag=value:1|c  (InfluxDB tags, as statsd_exporter reads them)
LINE = re.compile(r"(?P<name>[^,:|]+)(?P<tags>(,[^:|]*)?):(?P<value>[^|]+)\|(?P<type>\w+)")


@dataclass
class StatsdSink:
    """What was heard: the kind, the tag names and the last value of each metric."""

    port: int
    kinds: dict[str, str] = field(default_factory=dict)
    tags: dict[str, set[str]] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)

    def hear(self, datagram: str) -> None:
        """Take in one datagram."""
        for line in datagram.splitlines():
            if heard := LINE.fullmatch(line.split("|@")[0]):
                name = heard["name"]
                self.kinds[name] = heard["type"]
                self.values[name] = float(heard["value"])
                names = {tag.partition("=")[0] for tag in heard["tags"].split(",") if tag}
                self.tags.setdefault(name, set()).update(names)


@contextmanager
def statsd_sink() -> Iterator[StatsdSink]:
    """Listen on a free port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.2)
        sink = StatsdSink(receiver.getsockname()[1])
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    sink.hear(receiver.recv(65536).decode())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield sink
        finally:
            done.set()
            thread.join()
