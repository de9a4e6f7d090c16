"""The bench of a full database, in small: a real scheduler over a history, cleaned by the image."""

import pytest

from tools.bench_tasks import scheduler_loop
from tools.bench_tasks.scheduler_loop import Size
from tools.bench_tasks.tables import Table

SMALL = Size(dags=4, tasks=3, runs=60, triggers=2, pause=0.1, rest=2)


@pytest.fixture(scope="module")
def tables(airflow: object, a_program: None) -> dict[str, Table]:
    """A history of 60 runs with three tasks each."""
    return {made.name: made for made in scheduler_loop.measure(1, size=SMALL)}


def column(table: Table, name: str) -> list[float]:
    """Return the numbers of a column."""
    place = list(table.columns).index(name)
    return [float(row[place].replace(",", "")) for row in table.rows]


def test_the_history_is_there_and_half_of_it_is_cleaned_away(tables: dict[str, Table]) -> None:
    triggered = SMALL.triggers  # runs that each part before left
    young = SMALL.runs / 2 - 1  # one is as old as the limit

    none, full, cleaned = column(tables["scheduler-loops"], "task instances")

    assert none == 0
    assert full == SMALL.tasks * (SMALL.runs + triggered)
    assert cleaned == SMALL.tasks * (young + 2 * triggered)


@pytest.mark.parametrize("name", ["loop at rest ms", "loop ms", "p95 ms", "queued after s"])
def test_loops_and_waits_were_measured_each_time(tables: dict[str, Table], name: str) -> None:
    assert all(value > 0 for value in column(tables["scheduler-loops"], name))


def test_the_cleanup_took_rows_of_each_table(tables: dict[str, Table]) -> None:
    (before,) = column(tables["scheduler-cleanup"], "rows before")
    (after,) = column(tables["scheduler-cleanup"], "rows after")

    assert 0.4 * before < after < 0.7 * before


def test_the_statements_that_took_the_database_s_time_are_named(tables: dict[str, Table]) -> None:
    assert all("`" in row[0] for row in tables["scheduler-statements"].rows)
