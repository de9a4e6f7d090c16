"""The pages for DAG authors: their code passes the check and does what the page says."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.docs.pages import blocks
from tests.runtime.airflow_home import AirflowHome

FOLDER = ROOT / "docs" / "how-to" / "authors"
PAGES = sorted(page for page in FOLDER.glob("*.md") if list(blocks(page, "python")))


def code(name: str) -> str:
    """Return the DAG of a page."""
    [text] = blocks(FOLDER / f"{name}.md", "python")
    return text


@pytest.fixture(scope="module")
def home(airflow: Path, tmp_path_factory: pytest.TempPathFactory) -> AirflowHome:
    return AirflowHome(airflow, tmp_path_factory.mktemp("home"))


def test_the_code_of_every_page_passes_the_check(airflow: Path, tmp_path: Path) -> None:
    for page in PAGES:
        for number, text in enumerate(blocks(page, "python")):
            (tmp_path / f"{page.stem.replace('-', '_')}_{number}.py").write_text(text)

    done = subprocess.run(
        [airflow / "python", "-m", "check_dags", str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "images" / "airflow")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == f"{tmp_path}: nothing found\n"
    assert len(PAGES) >= 6


@pytest.mark.parametrize(
    ("day", "starts"),
    [("2026-03-28", "05:00"), ("2026-03-29", "04:00"), ("2026-10-25", "05:00")],
)
def test_six_in_berlin_is_the_utc_time_of_the_page(
    home: AirflowHome, day: str, starts: str
) -> None:
    source = """
from datetime import datetime, UTC
from airflow.timetables.base import TimeRestriction
from airflow.serialization.encoders import coerce_to_core_timetable
exec(given["code"])
import pendulum
timetable = coerce_to_core_timetable(at_six_in_berlin().timetable)
start = pendulum.parse(given["day"])
run = timetable.next_dagrun_info(
    last_automated_data_interval=None,
    restriction=TimeRestriction(earliest=start, latest=None, catchup=True),
)
answer(run.run_after.in_timezone("UTC").format("YYYY-MM-DD HH:mm"))
"""

    answered = home.probe(source, code=code("schedule-in-local-time"), day=day)

    assert answered == f"{day} {starts}"


def test_more_memory_changes_the_memory_alone(home: AirflowHome) -> None:
    source = """
exec(given["code"])
from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
from kubernetes.client import ApiClient, V1SecurityContext
usual = V1ResourceRequirements(requests={"memory": "1Gi"}, limits={"memory": "1Gi"})
safe = V1SecurityContext(allow_privilege_escalation=False)
base = V1Container(name="base", image="airflow", resources=usual, security_context=safe)
pod = PodGenerator.reconcile_pods(V1Pod(spec=V1PodSpec(containers=[base])), POD)
answer(ApiClient().sanitize_for_serialization(pod.spec.containers[0]))
"""

    container: Any = home.probe(source, code=code("more-memory"))

    assert container["resources"]["limits"] == {"memory": "4Gi"}
    assert container["image"] == "airflow"
    assert container["securityContext"] == {"allowPrivilegeEscalation": False}


def test_a_connection_of_the_laptop_is_read_in_a_task(home: AirflowHome) -> None:
    source = """
exec(given["code"])
answer(BaseHook.get_connection("shop_api").host)
"""
    [line] = [
        text.split("'")[1]
        for text in (FOLDER / "get-a-connection.md").read_text().split("`")
        if text.startswith("export AIRFLOW_CONN_SHOP_API=")
    ]
    home.environment["AIRFLOW_CONN_SHOP_API"] = line

    assert home.probe(source, code=code("get-a-connection")) == "shop.example.com"
