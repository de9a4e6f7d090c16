"""A task for each executor: a deployment sees that they run, and that logs can be read."""

from datetime import timedelta
from typing import Any

from airflow.configuration import conf
from airflow.sdk import dag, task


@dag(
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    tags=["platform"],
    default_args={"owner": "platform"},
    doc_md="""
    ### Does a task run?
    It comes with the image. Each deployment starts it, waits for its end and reads its logs; a run
    by hand does no harm.
    """,
)
def platform_smoke() -> None:
    """Say the run's own name, so that its log is known by it."""

    @task
    def say(**context: Any) -> None:
        print(f"a task of the run {context['run_id']} has run")

    say()  # names none, as most tasks: the first executor runs it
    for executor in conf.getlist("core", "executor")[1:]:
        say.override(task_id=f"say_by_{executor}", executor=executor)()


platform_smoke()
