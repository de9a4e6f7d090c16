# mypy: ignore-errors
"""Tasks that do nothing, one and many at once, for each executor: what is left is their cost."""

from datetime import UTC, datetime

from airflow.configuration import conf
from airflow.sdk import dag, task

MANY = 22


def costs(name: str, executors: list[str], count: int):
    """Return a DAG with a number of tasks that do not wait for each other, by executors in turn."""

    @dag(
        dag_id=f"journey_{name}_{count}",
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        default_args={"owner": "rehearsal", "retries": 0},
    )
    def tasks():
        @task
        def nothing(number: int) -> None:
            """Do nothing."""

        for number in range(count):
            executor = executors[number % len(executors)]
            nothing.override(task_id=f"nothing_{number}", executor=executor)(number)

    return tasks()


there = conf.get("core", "executor").split(",")
for one in there:
    for number in (1, MANY):
        globals()[f"{one}_{number}"] = costs(one, [one], number)
if len(there) > 1:
    globals()["both"] = costs("both", there, MANY)
