"""One platform for the benches that run tasks: each of them starts with DAGs of its own."""

from collections.abc import Iterator

import pytest

from tools.bench_tasks.platform import Platform, platform


@pytest.fixture(scope="session")
def running(airflow: object, a_program: None) -> Iterator[Platform]:
    """PostgreSQL, Azurite, a scheduler and an API server."""
    with platform() as started:
        yield started
