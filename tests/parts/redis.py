"""A real Redis with a password: the broker of Celery."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.processes import free_port, running
from tests.parts.skips import program


@contextmanager
def redis(folder: Path, password: str) -> Iterator[int]:
    """Run a server that keeps nothing; yield its port."""
    port = free_port()
    command = [program("redis-server"), "--port", str(port), "--bind", "127.0.0.1"]
    options = ["--requirepass", password, "--save", "", "--dir", str(folder)]
    with running([*command, *options], folder / "redis.log", port=port):
        yield port
