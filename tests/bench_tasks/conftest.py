"""One platform for the benches that run tasks: each of them starts with DAGs of its own."""

from collections.abc import Iterator

import pytest

from tools.bench_tasks.platform import Platform, platform


@pytest.fixture(scope="session")
def bench(airflow: object, a_program: None) -> Iterator[Platform]:
    """PostgreSQL, Azurite, a scheduler and an API server."""
    with platform() as started:
        yield started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the modules that need the platform at the end: it works on as long as it is up."""
    need_it = {item.path for item in items if "bench" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path in need_it)
