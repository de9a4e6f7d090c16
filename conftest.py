"""Gives the tests of the product and of every package the same fixtures."""

import gc
import os
import signal
import sys

import pytest

pytest_plugins = [
    "tests.fixtures",
    "tests.parts.fixtures",
    "tests.guard",
    "tests.fast",
    "tests.rooms",
]

# Python looks at all objects each time that a quarter more are there, of which most stay
GARBAGE = (50_000, 20, 100)


def pytest_configure(config: pytest.Config) -> None:
    """Let `pytest --collect-only` succeed, and tests interrupt what they start."""
    gc.set_threshold(*GARBAGE)
    os.environ.setdefault("GOGC", "300")  # Helm, Terraform and etcd, too: a quarter less CPU
    if config.option.collectonly:
        config.option.warn_unused_snapshots = True
    # A shell's job in the background ignores Ctrl-C, and so would what tests start and interrupt.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Let Python's collector pass over what stays until the end: modules, and the tests.

    Raises:
        pytest.UsageError: a module of tests imports cdktf. Every synth of the process would be as
            slow as cdktf's own: Node has started without the hook of `synthesis.preload`.
    """
    if "cdktf" in sys.modules:
        raise pytest.UsageError(
            "a module of tests imports cdktf, perhaps by stacks or constructs_lib: import it in a "
            "fixture or test, after `synthesize_to` (tests/synthesizing.py)"
        )
    gc.freeze()
