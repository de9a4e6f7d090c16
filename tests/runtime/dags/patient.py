"""Says something, waits until it may end, and says something else."""

# mypy: ignore-errors
# (Airflow is not in this environment)

import os
import time
from pathlib import Path

from airflow.sdk import dag, task


@dag(schedule=None)
def patient() -> None:
    @task
    def wait() -> None:
        gate = Path(os.environ["AIRFLOW_HOME"], "gate")
        print("written before the outage")
        (gate.parent / "waiting").touch()
        while not gate.exists():
            time.sleep(0.1)
        print("written during the outage")

    wait()


patient()
