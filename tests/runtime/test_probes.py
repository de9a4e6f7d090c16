"""The scheduler's probe, run as Kubernetes runs it, beside a real scheduler."""

import subprocess

from helm_values.airflow.probes import ASK_SCHEDULER, PORT
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
