"""Probes, run as Kubernetes runs them, beside a real scheduler and a real DAG processor."""

import os
import subprocess
from pathlib import Path

import psutil

from helm_values.airflow.probes import (
    ASK_SCHEDULER,
    HEARTBEAT_FILE,
    PORT,
    ask_heartbeat,
)
from tests.parts.processes import free_port, wait_until
from tests.runtime.live import LiveAirflow


def ask(live: LiveAirflow, port: int) -> int:
    """Return the exit status of the probe's command."""
    command = [part.replace(str(PORT), str(port)) for part in ASK_SCHEDULER]
    python = live.home.bin / command[0]
    return subprocess.run([python, *command[1:]], capture_output=True, check=False).returncode


def test_a_scheduler_at_work_is_alive(live: LiveAirflow) -> None:
    wait_until(lambda: ask(live, live.health_port) == 0, "the scheduler's answer", 120)


def test_a_scheduler_without_a_heartbeat_is_not_alive(live: LiveAirflow) -> None:
    stop = (
        "UPDATE job SET latest_heartbeat = now() - interval '1 hour' WHERE job_type='SchedulerJob'"
    )

    def late() -> bool:
        live.database.sql(stop)
        return ask(live, live.health_port) == 1

    wait_until(late, "the answer that it is late", 60)


def test_a_scheduler_that_is_gone_is_not_alive(live: LiveAirflow) -> None:
    assert ask(live, free_port()) == 1


def heartbeat(live: LiveAirflow, file: Path) -> int:
    """Return the exit status of the DAG processor's probe, which looks at that file."""
    python, *command = [
        part.replace(HEARTBEAT_FILE, str(file)) for part in ask_heartbeat("DagProcessorJob")
    ]
    env = live.home.env | {"PATH": f"{live.home.bin}:{os.environ['PATH']}"}
    command = [str(live.home.bin / python), *command]
    return subprocess.run(command, env=env, capture_output=True, check=False).returncode


def test_a_dag_processor_at_work_is_alive(live: LiveAirflow) -> None:
    wait_until(live.heartbeat_file.exists, "a heartbeat", 120)

    assert heartbeat(live, live.heartbeat_file) == 0


def test_a_dag_processor_that_stands_still_is_not_alive(live: LiveAirflow) -> None:
    wait_until(live.heartbeat_file.exists, "a heartbeat", 120)
    [processor] = [
        each for each in psutil.Process().children() if "dag-processor" in each.cmdline()
    ]
    processor.suspend()
    try:
        wait_until(lambda: heartbeat(live, live.heartbeat_file) == 1, "no heartbeat", 90)
    finally:
        processor.resume()


def test_a_dag_processor_of_an_image_without_marks_is_asked_as_the_chart_does(
    live: LiveAirflow, tmp_path: Path
) -> None:
    wait_until(lambda: heartbeat(live, tmp_path / "no file") == 0, "Airflow's own answer", 120)
