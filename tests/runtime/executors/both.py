# mypy: ignore-errors
"""Tasks of both executors: one by each spelling for a worker, and one for a pod of its own."""

import time
from pathlib import Path

from airflow.sdk import dag, task

WHOLE_PATH = "airflow.providers.celery.executors.celery_executor.CeleryExecutor"


@dag(schedule=None)
def both():
    @task(executor="CeleryExecutor")
    def short():
        print("ran in a worker")

    @task(executor=WHOLE_PATH)
    def waits(released):
        while not Path(released).exists():
            time.sleep(0.1)

    @task
    def in_a_pod():
        pass

    short() >> waits("{{ dag_run.conf['released'] }}")
    in_a_pod()


both()
