"""The bench of DAG files, with three of them: a real DAG processor on a real upload."""

import pytest

from tools.bench_tasks import dag_files
from tools.bench_tasks.tables import Table


@pytest.fixture(scope="module")
def table(airflow: object, a_program: None) -> Table:
    """Three files, one change."""
    (made,) = dag_files.measure(1, sizes=[3], rest=1)
    return made


def test_all_columns_of_a_size_are_told(table: Table) -> None:
    (row,) = table.rows

    assert row[0] == "3"
    assert len(row) == len(table.columns)


def test_a_change_is_in_the_database_before_all_files_are_parsed_again(table: Table) -> None:
    (row,) = table.rows
    told = dict(zip(table.columns, row, strict=True))

    assert 0 < float(told["a change in the database s"]) <= float(told["all parsed again s"])
