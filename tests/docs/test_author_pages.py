"""The pages for DAG authors: their code passes the check and does what the page says."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.docs.pages import blocks
from tests.runtime.airflow_home import AirflowHome, Conversation

FOLDER = ROOT / "docs" / "how-to" / "authors"
PAGES = sorted(page for page in FOLDER.glob("*.md") if list(blocks(page, "python")))


def code(name: str) -> str:
    """Return the DAG of a page."""
    [text] = blocks(FOLDER / f"{name}.md", "python")
    return text


# What the tests ask of the pages' code
ASKED = """
import pendulum
from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.timetables.base import TimeRestriction
from kubernetes.client import ApiClient, V1SecurityContext

def defined(code):
    names = {}
    exec(code, names)
    return names

def first_start(code, day):
    timetable = coerce_to_core_timetable(defined(code)["at_six_in_berlin"]().timetable)
    run = timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(earliest=pendulum.parse(day), latest=None, catchup=True),
    )
    return run.run_after.in_timezone("UTC").format("YYYY-MM-DD HH:mm")

def container(code):
    page = defined(code)
    usual = {"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}}
    resources = page["V1ResourceRequirements"](**usual)
    safe = V1SecurityContext(allow_privilege_escalation=False)
    Container, Spec = page["V1Container"], page["V1PodSpec"]
    base = Container(name="base", image="airflow", resources=resources, security_context=safe)
    pod = page["V1Pod"](spec=Spec(containers=[base]))
    made = PodGenerator.reconcile_pods(pod, page["POD"])
    return ApiClient().sanitize_for_serialization(made.spec.containers[0])

def host(code):
    return defined(code)["BaseHook"].get_connection("shop_api").host
"""


@pytest.fixture(scope="module")
def image(airflow: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversation]:
    """The image's environment, with the connection that a page tells authors to set."""
    home = AirflowHome(airflow, tmp_path_factory.mktemp("home"))
    [home.environment["AIRFLOW_CONN_SHOP_API"]] = [
        text.split("'")[1]
        for text in (FOLDER / "get-a-connection.md").read_text().split("`")
        if text.startswith("export AIRFLOW_CONN_SHOP_API=")
    ]
    with home.conversation(ASKED) as conversation:
        yield conversation


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
    image: Conversation, day: str, starts: str
) -> None:
    answered = image.eval(f"first_start({code('schedule-in-local-time')!r}, {day!r})")

    assert answered == f"{day} {starts}"


def test_more_memory_changes_the_memory_alone(image: Conversation) -> None:
    container: Any = image.eval(f"container({code('more-memory')!r})")

    assert container["resources"]["limits"] == {"memory": "4Gi"}
    assert container["image"] == "airflow"
    assert container["securityContext"] == {"allowPrivilegeEscalation": False}


def test_a_connection_of_the_laptop_is_read_in_a_task(image: Conversation) -> None:
    assert image.eval(f"host({code('get-a-connection')!r})") == "shop.example.com"
