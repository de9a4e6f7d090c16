"""Marks in a file until when a component counts as alive, for its probe.

The chart's probe asks by `airflow jobs check`, which starts a whole Airflow to read from the
database what the component wrote there: 3 CPU seconds and 130 MB each minute, in the component's
own limits.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.listeners import hookimpl

SECTION = "azure_health"


@hookimpl
def on_starting(component: Any) -> None:
    """Let each heartbeat set the time of `[azure_health] heartbeat_file`, if there is one.

    It is the time from which Airflow takes the job for dead, unless its heart beats again.
    """
    named = conf.get(SECTION, "heartbeat_file", fallback="")
    beat = getattr(component, "heartbeat", None)  # the process of a task has none
    if not named or beat is None:
        return
    from airflow.jobs.job import health_check_threshold  # a task may not import it

    file = Path(named)
    with suppress(OSError):  # a container that starts again finds the mark of the one before
        file.unlink(missing_ok=True)

    def heartbeat(heartbeat_callback: Any, **options: Any) -> None:
        def written(**given: Any) -> None:  # Airflow calls it once the database has it
            until = time.time() + health_check_threshold(component.job_type, component.heartrate)
            with suppress(OSError):  # without a mark the probe asks as the chart's does
                file.touch()
                os.utime(file, (until, until))
            heartbeat_callback(**given)

        beat(written, **options)

    component.heartbeat = heartbeat
