"""Blob storage as Airflow's file system: DAGs come from it, data and logs go to it."""

import shutil
from pathlib import Path

import pytest

from tests.parts.processes import wait_until
from tests.runtime.live import DAGS, LiveAirflow


@pytest.fixture(scope="module")
def lake(live: LiveAirflow) -> str:
    """A finished run of the DAG `lake`."""
    run_id = live.run_dag("lake")
    assert live.finished("lake", run_id) == "success"
    return run_id


def test_a_dag_that_was_uploaded_is_parsed_and_run_with_its_data_in_the_lake(
    live: LiveAirflow, lake: str
) -> None:
    assert live.blobs("data") == {"reports/today.txt": "seventeen rows"}


def test_the_run_names_the_version_that_the_dag_processor_published(
    live: LiveAirflow, lake: str
) -> None:
    version = live.run("lake", lake)["bundle_version"]

    assert f"sales/{version}.zip" in live.blobs("dag-versions")


def test_the_log_of_a_finished_task_is_read_back_from_the_container(
    live: LiveAirflow, lake: str
) -> None:
    local = live.home.folder / "logs" / "dag_id=lake"
    wait_until(lambda: not list(local.rglob("*.log")), "the local log removed after its upload")

    assert "the lake says: seventeen rows" in live.log("lake", lake, "write_and_read")


def test_storage_stopped_in_the_middle_of_a_task_loses_nothing_it_wrote(live: LiveAirflow) -> None:
    gate, waiting = live.home.folder / "gate", live.home.folder / "waiting"
    run_id = live.run_dag("patient")
    wait_until(waiting.exists, "the task at work")

    with live.storage.away():
        gate.touch()
        state = live.finished("patient", run_id)

    name = f"tasks/dag_id=patient/run_id={run_id}/task_id=wait/attempt=1.log"
    wait_until(lambda: name in live.blobs("airflow-logs"), "the log uploaded after the outage")
    log = live.blobs("airflow-logs")[name]
    assert state == "success"
    assert "written before the outage" in log
    assert "written during the outage" in log


def test_a_run_starts_and_ends_while_storage_is_away(live: LiveAirflow) -> None:
    (live.home.folder / "gate").touch()

    with live.storage.away():
        run_id = live.run_dag("patient")

        assert live.finished("patient", run_id) == "success"


def test_a_changed_helper_module_reaches_the_dags_that_import_it(
    live: LiveAirflow, tmp_path: Path
) -> None:
    first = live.run_dag("two_files")
    assert live.finished("two_files", first) == "success"
    shutil.copytree(DAGS, tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    helper = tmp_path / "dags" / "rep_rows.py"
    helper.write_text(helper.read_text().replace('"first"', '"second"').replace("3", "4"))

    live.upload(tmp_path / "dags", commit="c2")

    wait_until(lambda: live.tags("two_files") == ["second"], "the new tag", 60)
    second = live.run_dag("two_files")
    assert live.finished("two_files", second) == "success"
    assert "rows of the helper: 3" in live.log("two_files", first, "count")
    assert "rows of the helper: 4" in live.log("two_files", second, "count")
