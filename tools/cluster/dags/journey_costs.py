# mypy: ignore-errors
"""Tasks that do nothing, one and many at once, for each executor: what is left is their cost."""

from datetime import UTC, datetime

from airflow.configuration import conf
from airflow.sdk import dag, task

MANY = 22


def costs(executor: str, count: int):
    """Return a DAG with a number of tasks that do not wait for each other."""

    @dag(
        dag_id=f"journey_{executor}_{count}",
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        default_args={"owner": "rehearsal", "retries": 0, "executor": executor},
    )
    def tasks():
        @task
        def nothing(number: int) -> None:
            """Do nothing."""

        for number in range(count):
            nothing.override(task_id=f"nothing_{number}")(number)

    return tasks()


for name in conf.get("core", "executor").split(","):
    for number in (1, MANY):
        globals()[f"{name}_{number}"] = costs(name, number)
