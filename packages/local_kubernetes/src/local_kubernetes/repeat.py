"""Something that is done again and again beside a block of code, until the block ends."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def repeated(do: Callable[[], None], *, seconds: float) -> Iterator[None]:
    """Call something in a thread of its own, with a pause before each call; wait for its end.

    Args:
        do: is called; what it raises ends the repetition, so it catches what may happen.
        seconds: between two calls.
    """
    over = threading.Event()

    def follow() -> None:
        while not over.wait(seconds):
            do()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
