"""A plugin of pytest: which of pytest-xdist's workers runs a test, and when.

All tests of a room (`tests/runtime`, `packages/dag_migration`) run on one worker, which starts the
room's servers once. The rooms with the most tests that start programs begin: what takes long and
begins last keeps one worker busy and the others idle. Fast tests (tests/fast.py) count for little.
"""

from collections import Counter
from typing import Any

import pytest


def room(nodeid: str) -> str:
    """Return the folder whose tests stay together: the first two parts of a test's path."""
    return "/".join(nodeid.partition("::")[0].split("/")[:2])


@pytest.hookimpl(optionalhook=True)  # `-p no:xdist`
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a worker one room after another, in the order of the collected tests."""
    from xdist.scheduler import (  # type: ignore[import-untyped]  # it comes without types
        LoadScopeScheduling,
    )

    class Rooms(LoadScopeScheduling):  # type: ignore[misc]  # as its base has none
        def _split_scope(self, nodeid: str) -> str:
            return room(nodeid)

    config.option.loadscopereorder = False
    return Rooms(config, log)


@pytest.hookimpl(trylast=True)  # tests/fast.py has marked them
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the rooms with the most work first, where workers share them."""
    if hasattr(config, "workerinput"):
        work: Counter[str] = Counter()
        for item in items:
            work[room(item.nodeid)] += 1 if item.get_closest_marker("fast") else 50
        items.sort(key=lambda item: -work[room(item.nodeid)])
