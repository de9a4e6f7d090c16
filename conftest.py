"""Gives the tests of the product and of every package the same fixtures."""

import signal

import pytest

pytest_plugins = [
    "tests.fixtures",
    "tests.parts.fixtures",
    "tests.guard",
    "tests.fast",
    "tests.rooms",
]


def pytest_configure(config: pytest.Config) -> None:
    """Let `pytest --collect-only` succeed, and tests interrupt what they start."""
    if config.option.collectonly:
        config.option.warn_unused_snapshots = True
    # A shell's job in the background ignores Ctrl-C, and so would what tests start and interrupt.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
