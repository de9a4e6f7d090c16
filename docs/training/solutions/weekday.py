"""Lesson 1: a DAG with two tasks."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task


@dag(
    schedule="0 7 * * 1-5",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["training"],
    default_args={"owner": "training", "retries": 2, "retry_delay": timedelta(minutes=5)},
    doc_md="Greets with the day's name. It cannot fail; if it does, the platform is in trouble.",
)
def weekday():
    @task
    def name_day(ds: str) -> str:
        return f"{datetime.fromisoformat(ds):%A}"

    @task
    def greet(day: str) -> None:
        print(f"Good morning, it is {day}")

    greet(name_day())


weekday()
