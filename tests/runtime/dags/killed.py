"""A task that is killed as the kernel kills one process that has taken too much memory."""

# mypy: ignore-errors
# (Airflow is not in this environment)

import os
import signal

from airflow.sdk import dag, task


@dag(schedule=None)
def killed():
    @task
    def takes_too_much() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    takes_too_much()


killed()
