"""The run that a deployment ends with, by a whole Airflow."""

from subprocess import CompletedProcess

import pytest

from tests.runtime.live import LiveAirflow

DAG = "platform_smoke"


def smoke(live: LiveAirflow, seconds: int, *options: str) -> CompletedProcess[str]:
    """Run the program as in the API server's pod, which has no log of a task on its own disk."""
    command = ("python", "-m", "airflow_azure.smoke_run", "--seconds", str(seconds))
    other = {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(live.home.folder / "logs-of-another-pod")}
    return live.home.run(*command, *options, **other)


def test_it_is_parsed_run_and_its_log_read_back(live: LiveAirflow) -> None:
    done = smoke(live, 300)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "its log was read back"


def test_there_is_a_task_for_each_executor(live: LiveAirflow) -> None:
    listed = (
        "from airflow_azure.smoke_dags.platform_smoke import platform_smoke\n"
        "tasks = platform_smoke().tasks\n"
        "print([(task.task_id, task.executor) for task in tasks])"
    )

    done = live.home.run(
        "python", "-c", listed, AIRFLOW__CORE__EXECUTOR="KubernetesExecutor,CeleryExecutor"
    )

    tasks = [("say", None), ("say_by_CeleryExecutor", "CeleryExecutor")]
    assert done.stdout.splitlines()[-1:] == [str(tasks)], done.stderr


def test_the_dag_of_the_executors_before_is_not_run(
    live: LiveAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        live.home.environment, "AIRFLOW__CORE__EXECUTOR", "LocalExecutor,CeleryExecutor"
    )

    done = smoke(live, 1)

    assert done.returncode == 1
    assert "platform_smoke is not parsed" in done.stderr


def test_a_log_that_is_not_in_the_storage_is_told(
    live: LiveAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        live.home.environment, "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER", "wasb://nowhere"
    )

    done = smoke(live, 300, "--log-seconds", "1")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("no log of smoke__")


def test_a_dag_that_somebody_paused_is_told(live: LiveAirflow) -> None:
    live.api("PATCH", f"/api/v2/dags/{DAG}", {"is_paused": True})

    done = smoke(live, 1)

    live.api("PATCH", f"/api/v2/dags/{DAG}", {"is_paused": False})
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        f"{DAG} is paused: unpause it",
    )
