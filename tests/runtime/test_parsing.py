"""What the DAG processor's forks are spared: a real one, which parses a file that looks around."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.parts.postgres import Postgres
from tests.runtime.airflow_home import AirflowHome, Conversation

LOOKS = """
import gc, json, os, pathlib, sys

known = set(sys.modules)
seen = {"spared": gc.get_freeze_count(), "walked": len(gc.get_objects())}
from datetime import UTC, datetime

from airflow.sdk import dag, task


@dag(schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC))
def looks():
    @task
    def work():
        pass

    work()


looks()
from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS as comms

after = set(map(id, gc.get_objects()))  # what was there before the fork is frozen
seen["made"] = [one for one in ("body_decoder", "err_decoder") if id(getattr(comms, one)) in after]
seen["imported"] = sorted(name for name in set(sys.modules) - known if name != __name__)
pathlib.Path(os.environ["SEEN"]).write_text(json.dumps(seen))
"""
# What a component does at its start, asked in a fork each: a process starts once
STARTS = """
import gc, logging.config, sys
import airflow.providers.standard.operators.bash, airflow.serialization.serialized_objects
from airflow.timetables.interval import CronDataIntervalTimetable
from airflow_azure import parsing

def spared(component, breaks):
    sys.argv = ["airflow", component]
    if breaks:
        parsing._make_a_dag = lambda: 1 / 0
    parsing.on_starting(None)
    before = gc.get_freeze_count()
    if not os.fork():
        os._exit(gc.get_freeze_count() > before)
    return os.waitstatus_to_exitcode(os.wait()[1])

def words_and_files(*crons):
    sys.argv = ["airflow", "dag-processor"]
    parsing.on_starting(None)
    read = []
    sys.addaudithook(lambda event, what: event == "open" and read.append(str(what[0])))
    words = [CronDataIntervalTimetable(cron, "UTC").description for cron in crons]
    return [words, [path for path in read if path.endswith(".mo")]]

def cleared_and_heard():
    sys.argv = ["airflow", "dag-processor"]
    parsing.on_starting(None)
    logger = logging.getLogger("airflow.heard")
    logger.isEnabledFor(logging.DEBUG)  # kept in its cache
    cleared = []
    sys.setprofile(lambda frame, event, _: cleared.append(
        event == "call" and frame.f_code.co_name == "_clear_cache"
    ))
    loggers = {"airflow": {"level": "DEBUG"}}
    logging.config.dictConfig(
        {"version": 1, "disable_existing_loggers": False, "loggers": loggers}
    )
    sys.setprofile(None)
    return [sum(cleared), logger.isEnabledFor(logging.DEBUG)]
"""


@pytest.fixture(scope="module")
def home(
    airflow: Path, postgres: Postgres, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> AirflowHome:
    """The image's environment with its plugins, and a folder with a DAG file."""
    made = AirflowHome(airflow, tmp_path_factory.mktemp("airflow"))
    made.with_dags(postgres, "parsing", like=migrated)
    (made.folder / "dags" / "looks.py").write_text(LOOKS)
    return made


@pytest.fixture(scope="module")
def seen(home: AirflowHome) -> Any:
    """What a DAG file sees while it is parsed."""
    file = home.folder / "seen.json"
    done = home.run("airflow", "dag-processor", "--num-runs", "1", SEEN=str(file))
    assert file.is_file(), done.stderr[-3000:]
    return json.loads(file.read_text())


def test_a_file_with_tasks_imports_nothing_of_airflow_that_the_next_one_imports_again(
    seen: Any,
) -> None:
    assert seen["imported"] == []


def test_no_file_makes_what_reads_its_messages_again(seen: Any) -> None:
    assert seen["made"] == []


def test_a_file_s_collector_does_not_walk_what_the_processor_has_made(seen: Any) -> None:
    assert seen["spared"] > 100_000
    assert seen["walked"] < 5_000


@pytest.fixture(scope="module")
def image(home: AirflowHome) -> Iterator[Conversation]:
    """A process that has imported what a component imports, and has not started as one."""
    with home.conversation(STARTS) as conversation:
        yield conversation


@pytest.fixture
def starting(image: Conversation) -> Iterator[Conversation]:
    """A fork of it."""
    with image.fresh() as child:
        yield child


@pytest.mark.parametrize(("component", "spared"), [("dag-processor", 1), ("scheduler", 0)])
def test_the_forks_of_other_components_are_left_alone(
    starting: Conversation, component: str, spared: int
) -> None:
    assert starting.eval(f"spared({component!r}, breaks=False)") == spared


def test_a_processor_that_cannot_make_a_dag_starts_nevertheless(starting: Conversation) -> None:
    assert starting.eval("spared('dag-processor', breaks=True)") == 1


def test_words_of_schedules_are_not_read_again(starting: Conversation) -> None:
    words, read = starting.eval("words_and_files('0 5 * * 1', '@hourly')")

    assert words == ["At 05:00, only on Monday", "Every hour"]
    assert read == []


def test_a_log_that_is_set_up_clears_the_caches_of_loggers_once(starting: Conversation) -> None:
    assert starting.eval("cleared_and_heard()") == [1, True]
