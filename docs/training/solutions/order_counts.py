"""Lesson 2: one task a file of the data lake."""

import json
from datetime import UTC, datetime, timedelta

from airflow.sdk import ObjectStoragePath, dag, task
from airflow.sdk.exceptions import AirflowSkipException

LAKE = ObjectStoragePath("abfs://data", conn_id="data_lake")


@dag(
    schedule="0 5 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["training"],
    default_args={"owner": "training", "retries": 2, "retry_delay": timedelta(minutes=5)},
    doc_md="Counts the day's orders. It fails when the lake is away: clear it when it is back.",
)
def order_counts():
    @task
    def find_files(ds: str) -> list[str]:
        files = sorted(str(path) for path in (LAKE / "raw/orders" / ds).glob("*.csv"))
        if not files:
            raise AirflowSkipException(f"no file in raw/orders/{ds}")
        return files

    @task
    def count(file: str) -> int:
        with ObjectStoragePath(file, conn_id="data_lake").open("r") as lines:
            return sum(1 for _ in lines) - 1  # the first line names the columns

    @task
    def write(counts: list[int], ds: str) -> None:
        target = LAKE / "curated/order_counts" / f"{ds}.json"
        target.write_text(json.dumps({"orders": sum(counts)}))

    write(count.expand(file=find_files()))


order_counts()
