"""The bench of dbt, with four models: a real dbt against a real PostgreSQL, alone and in a task."""

import pytest

from tools.bench_tasks import dbt_models
from tools.bench_tasks.platform import Platform
from tools.bench_tasks.tables import Table


@pytest.fixture(scope="module")
def table(bench: Platform, dbt: object) -> Table:
    """Four models, built once in each way."""
    return dbt_models.measured(bench, 1, models=4)


def test_each_way_to_build_the_models_is_told(table: Table) -> None:
    assert [row[:2] for row in table.rows] == [
        ["4 by `dbt build`, without Airflow", "0"],
        ["4 by one task", "1"],
        ["one of them by a task", "1"],
        ["counted up: a task for each, one after another", "4"],
    ]


def test_a_task_costs_more_cpu_than_its_dbt(table: Table) -> None:
    plain, by_a_task, *_ = ([float(cell) for cell in row[2:]] for row in table.rows)

    assert plain[1] == 1
    assert by_a_task[0] > plain[0] > 0
