# mypy: ignore-errors
"""Tasks that take a while, and leave a mark each time one runs: none may be lost or doubled."""

import time
import uuid
from datetime import UTC, datetime

from airflow.sdk import ObjectStoragePath, Param, dag, task

LAKE = ObjectStoragePath("abfs://data", conn_id="data_lake")


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    params={"tasks": Param(4, type="integer"), "seconds": Param(20, type="integer")},
    default_args={"owner": "rehearsal", "retries": 0},
)
def journey_work():
    """Plan tasks, and work on them."""

    @task
    def plan(params=None) -> list[int]:
        return list(range(params["tasks"]))

    @task
    def work(number: int, params=None, run_id=None) -> None:
        print(f"the journey's task {number} works")
        (LAKE / "marks" / run_id / f"{number}-{uuid.uuid4().hex}").write_text("here")
        time.sleep(params["seconds"])

    work.expand(number=plan())


journey_work()
