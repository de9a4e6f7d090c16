"""A task whose process alone is killed: Airflow's supervisor lives on, and says so in the log."""

from tests.runtime.live import LiveAirflow


def test_the_log_of_a_killed_task_speaks_of_memory(live: LiveAirflow) -> None:
    run_id = live.run_dag("killed")
    assert live.finished("killed", run_id) == "failed"

    log = live.log("killed", run_id, "takes_too_much")
    assert "Process terminated by signal. Likely out of memory error (OOM)." in log
