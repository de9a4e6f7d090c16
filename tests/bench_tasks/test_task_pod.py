"""The bench of a task's pod, run once: a real PostgreSQL, Azurite, API server and scheduler."""

import pytest

from tools.bench_tasks import pod, task_pod
from tools.bench_tasks.platform import BenchError, Platform
from tools.bench_tasks.pod import PARTS, Cost
from tools.bench_tasks.tables import Table


@pytest.fixture(scope="module")
def table(bench: Platform) -> Table:
    """A task that does nothing, run once as the image runs it."""
    return task_pod.measured(bench, 1, only=task_pod.AS_IT_IS)


def numbers(table: Table) -> dict[str, float]:
    """Return the one row's numbers by their columns."""
    (row,) = table.rows
    return {
        name: float(value.replace(",", ""))
        for name, value in zip(table.columns[1:], row[1:], strict=True)
    }


def test_the_parts_of_a_pod_are_its_whole_cpu(table: Table) -> None:
    row = numbers(table)

    assert sum(row[part] for part in PARTS) == pytest.approx(row["in all"], abs=0.05)


@pytest.mark.parametrize("part", PARTS)
def test_no_part_ends_before_it_begins(table: Table, part: str) -> None:
    assert numbers(table)[part] >= 0


def test_the_clock_the_memory_and_the_modules_are_told(table: Table) -> None:
    row = numbers(table)

    assert row["by the clock"] > row["entry"] / 2
    assert row["MB"] > 50
    assert row["modules"] > 1_000


def test_the_machine_stands_below_the_table(table: Table) -> None:
    assert " cores, load " in table.as_markdown().splitlines()[-1]


def test_a_mark_that_another_airflow_does_not_pass_is_named() -> None:
    with pytest.raises(BenchError, match=r"no note of bundle, end, log upload, .*marks/sitecustom"):
        pod.split(Cost(1, 1, 1), {"parse": {}, "supervisor": {}}, 0)
