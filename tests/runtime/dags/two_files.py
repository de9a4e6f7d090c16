"""A DAG whose code is in two files."""

# mypy: ignore-errors
# (Airflow and the helper are not in this environment)

from airflow.sdk import dag, task
from rep_rows import TAG, rows


@dag(schedule=None, tags=[TAG])
def two_files() -> None:
    @task
    def count() -> int:
        print("rows of the helper:", rows())
        return rows()

    count()


two_files()
