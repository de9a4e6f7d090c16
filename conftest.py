"""Gives the tests of the product and of every package the same fixtures."""

import pytest

pytest_plugins = [
    "tests.fixtures",
    "tests.parts.fixtures",
    "tests.guard",
    "tests.fast",
    "tests.rooms",
]


def pytest_configure(config: pytest.Config) -> None:
    """Let `pytest --collect-only` succeed: what runs no test uses no snapshot."""
    if config.option.collectonly:
        config.option.warn_unused_snapshots = True
