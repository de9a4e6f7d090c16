"""An environment stops and starts by its hours, and nobody takes its sleep for a fault."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conventions.company import VARIABLE
from environments.hibernation import WINDOWS_NAMES, Hibernation
from environments.load import EnvironmentFileError, validate
from environments.model import Environment
from synthesis.sources import record
from tests import ROOT
from tests.environment_files import DEV, tables
from tests.guard import python_path
from tests.synthesizing import synthesize_to

BERLIN = Hibernation(time_zone="Europe/Berlin", start_hour=7, stop_hour=19)
HOURS = '\n[hibernation]\ntime_zone = "Europe/Berlin"\nstart_hour = 7\nstop_hour = 19\n'
Done = subprocess.CompletedProcess[str]
# what az says and does of power states, as its own help has it; states in a file
AZ = """#!{python}
import json, pathlib, sys
file = pathlib.Path({file!r})
states = json.loads(file.read_text())
part, verb = ("cluster", sys.argv[2]) if sys.argv[1] == "aks" else ("database", sys.argv[3])
state = states.get(part)
if state is None:
    sys.exit("(ResourceNotFound) The Resource was not found.")
if verb == "show":
    found = {{"powerState": {{"code": state}}}} if part == "cluster" else {{"state": state}}
    print(json.dumps(found))
elif states.get("refuses") == part:
    sys.exit("(AuthorizationFailed) no right to " + verb)
else:
    running = "Running" if part == "cluster" else "Ready"
    states[part] = "Stopped" if verb == "stop" else running
    states["log"] = states.get("log", []) + [f"{{verb}} {{part}}"]
    file.write_text(json.dumps(states))
"""


class Cloud:
    """A company's repository with one environment, and an `az` that knows two states."""

    def __init__(self, folder: Path, hours: str = HOURS) -> None:
        self.folder, self._states = folder, folder / "states.json"
        (folder / "environments").mkdir()
        (folder / "environments" / "dev.toml").write_text(DEV.read_text() + hours)
        values = tables(folder / "environments" / "dev.toml")
        synthesize_to(folder / "cdktf.out", Environment.model_validate(values))
        record(folder / "cdktf.out", {})
        (folder / "bin").mkdir()
        az = folder / "bin" / "az"
        az.write_text(AZ.format(python=sys.executable, file=str(self._states)))
        az.chmod(0o755)

    def states(self, **states: str) -> None:
        self._states.write_text(json.dumps(states))

    @property
    def log(self) -> list[str]:
        done: list[str] = json.loads(self._states.read_text()).get("log", [])
        return done

    def run(self, *command: str) -> Done:
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [sys.executable, "-m", *command, "--environment", "dev"],
            cwd=ROOT,
            env={
                **os.environ,
                "PATH": path,
                "PYTHONPATH": python_path(ROOT),
                VARIABLE: str(self.folder),
            },
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    return Cloud(tmp_path_factory.mktemp("company"))


@pytest.mark.parametrize(
    ("zone", "start", "stop", "early"),
    [
        ("Europe/Berlin", 7, 19, "Monday 06:45"),
        ("Asia/Kolkata", 2, 9, "Sunday 21:15"),
        ("America/New_York", 20, 22, "Tuesday 01:45"),
        ("Australia/Sydney", 0, 12, "Sunday 14:45"),
    ],
)
def test_45_minutes_after_its_start_it_runs_all_year(
    zone: str, start: int, stop: int, early: str
) -> None:
    hours = Hibernation(time_zone=zone, start_hour=start, stop_hour=stop)

    moment = hours.early

    assert f"{moment:%A %H:%M}" == early
    half_an_hour = timedelta(minutes=30)  # that a start takes
    for day in (moment, moment + timedelta(weeks=26)):
        assert hours.runs(day)
        assert hours.runs(day - half_an_hour)


@pytest.mark.parametrize(
    ("moment", "runs", "stops"),
    [
        ("2026-07-01T05:00", True, False),  # Wednesday, 7:00 of summer in Berlin
        ("2026-07-01T04:59", False, False),
        ("2026-12-02T05:30", False, False),  # 6:30 of winter
        ("2026-12-02T06:00", True, False),
        ("2026-12-02T17:59", True, False),
        ("2026-12-02T18:00", False, True),
        ("2026-12-02T19:59", False, True),
        ("2026-12-02T20:00", False, False),
        ("2026-12-05T12:00", False, False),  # Saturday
    ],
)
def test_hours_are_those_of_the_time_zone(moment: str, runs: bool, stops: bool) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)

    assert (BERLIN.runs(at), BERLIN.stops(at)) == (runs, stops)


def test_every_zone_has_hours_and_a_name_that_azure_knows() -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)

    for zone, name in WINDOWS_NAMES.items():
        assert isinstance(Hibernation(time_zone=zone).runs(noon), bool)
        assert name == "UTC" or " Standard Time" in name


def test_an_environment_with_a_standby_is_not_stopped() -> None:
    values = tables(DEV)
    values["postgres"] |= {"high_availability": "SameZone", "sku_name": "GP_Standard_D2ds_v5"}
    values["hibernation"] = {}

    with pytest.raises(EnvironmentFileError, match=r"stopped at night") as refused:
        validate(values, DEV)

    assert 'fix: delete [hibernation], or set postgres.high_availability = "Disabled"' in str(
        refused.value
    )


def test_in_the_evening_the_cluster_stops_before_its_database(cloud: Cloud) -> None:
    cloud.states(cluster="Running", database="Ready")

    done = cloud.run("tools.hibernation", "keep", "--now", "2026-12-02T18:10:00")

    assert done.returncode == 0, done.stderr
    assert cloud.log == ["stop cluster", "stop database"]
    assert done.stdout == "dev: cluster: stopped\ndev: database: stopped\n"


def test_in_the_morning_the_database_starts_before_the_cluster(cloud: Cloud) -> None:
    cloud.states(cluster="Stopped", database="Stopped")

    done = cloud.run("tools.hibernation", "keep", "--now", "2026-12-02T06:10:00")

    assert done.returncode == 0, done.stderr
    assert cloud.log == ["start database", "start cluster"]


def test_whom_somebody_woke_at_night_stays_awake(cloud: Cloud) -> None:
    cloud.states(cluster="Stopped", database="Stopped")

    woken = cloud.run("tools.hibernation", "wake")
    done = cloud.run("tools.hibernation", "keep", "--now", "2026-12-02T23:10:00")

    assert (woken.returncode, done.returncode) == (0, 0)
    assert cloud.log == ["start database", "start cluster"]
    assert done.stdout == "dev: sleeps, unless somebody woke it\n"


def test_before_the_first_deployment_there_is_nothing_to_stop(cloud: Cloud) -> None:
    cloud.states()

    done = cloud.run("tools.hibernation", "keep", "--now", "2026-12-02T18:10:00")

    assert (done.returncode, done.stdout) == (0, "dev: nothing to stop\n")


def test_what_azure_refuses_is_told(cloud: Cloud) -> None:
    cloud.states(cluster="Running", database="Ready", refuses="cluster")

    done = cloud.run("tools.hibernation", "keep", "--now", "2026-12-02T18:10:00")

    assert done.returncode == 1
    assert done.stderr == "az aks stop: (AuthorizationFailed) no right to stop\n"
    assert cloud.log == []  # nor was its database stopped under it


def test_a_plan_of_a_sleeping_environment_is_refused_with_the_way_to_wake_it(cloud: Cloud) -> None:
    cloud.states(cluster="Stopped", database="Stopped")

    done = cloud.run("tools.plan")

    assert done.returncode == 2
    assert "dev is asleep (database Stopped, cluster Stopped)" in done.stderr
    assert "fix: ./product python -m tools.hibernation wake --environment dev" in done.stderr


def test_a_search_for_drift_says_that_it_sleeps_and_is_good(cloud: Cloud, tmp_path: Path) -> None:
    cloud.states(cluster="Stopped", database="Ready")

    done = cloud.run("tools.plan", "--expect-none", "--markdown", str(tmp_path / "drift.md"))

    assert done.returncode == 0, done.stderr
    assert "dev is asleep (cluster Stopped)" in (tmp_path / "drift.md").read_text()


def test_an_environment_without_hours_is_left_alone(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, hours="")
    cloud.states(cluster="Running", database="Ready")

    done = cloud.run("tools.hibernation", "keep")

    assert done.stdout == "dev: has no [hibernation], and always runs\n"
    assert cloud.log == []
