"""A plugin of pytest: which of pytest-xdist's workers runs a test, and when.

All tests of a room (`tests/runtime`, `packages/dag_migration`) run on one worker, which starts the
room's servers once. What takes long and begins last keeps one worker busy and the others idle: so
the rooms of LONG begin, and then those with the most tests that start programs. Fast tests
(tests/fast.py) count for little.
"""

from collections import Counter
from typing import Any

import pytest

# Rooms that take more than a minute, the longest first: of some, few tests take long.
LONG = tuple(
    f"tests/{name}"
    for name in ("runtime", "bench_tasks", "rehearsal", "templates", "signin", "laptop", "dags")
)


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
    """Put the rooms that take longest first, where workers share them."""
    if hasattr(config, "workerinput"):
        work: Counter[str] = Counter()
        for item in items:
            work[room(item.nodeid)] += 1 if item.get_closest_marker("fast") else 50
        items.sort(key=lambda item: (_place(room(item.nodeid)), -work[room(item.nodeid)]))


def _place(name: str) -> int:
    return LONG.index(name) if name in LONG else len(LONG)
