"""An author's mistakes are named at their line, with what to do, by one run of the real check."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.real_parts import ROOT

GOOD = '''"""A DAG that follows every rule."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["good"],
    default_args={"owner": "team", "retries": 1, "retry_delay": timedelta(minutes=1)},
    doc_md="Does nothing.",
)
def good():
    @task
    def nothing():
        pass

    nothing()


good()
'''
BARE = """from airflow.sdk import dag, task


@dag(schedule=None)
def bare():
    @task
    def nothing():
        pass

    nothing()


bare()
"""
MISTAKES = {
    "good.py": GOOD,
    "bare.py": BARE,
    "twin.py": GOOD,
    "talks.py": "import socket\n\nsocket.getaddrinfo('localhost', 1)\n"
    + GOOD.replace("good()", "t()"),
    "variable.py": "from airflow.sdk import DAG, Variable\n\nVariable.get('x', default=None)\n",
    "breaks.py": "import json\n\njson.loads('not json')\n",
    "exits.py": "import os\n\nos._exit(3)\n",
    "waits.py": "import time\n\ntime.sleep(3)\n" + GOOD.replace("good()", "w()"),
    "uncalled.py": GOOD.removesuffix("\n\ngood()\n"),
    "cron.py": GOOD.replace("schedule=None", 'schedule="0 99 * * *"').replace("good()", "c()"),
    "unclosed.py": "from airflow.sdk import dag\n\nprint(dag\n",
    "old.py": "from airflow.operators.python_operator import PythonOperator\n",
}


SOLUTIONS = sorted((ROOT / "docs" / "training" / "solutions").glob("*.py"))


def run_check(airflow: Path, dbt: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as the Makefile does."""
    return subprocess.run(
        [airflow / "python", "-m", "check_dags", *arguments],
        cwd=ROOT,
        env=os.environ
        | {"PATH": os.pathsep.join([os.environ["PATH"], str(dbt)]), "PYTHONPATH": "images/airflow"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def checked(
    airflow: Path, dbt: Path, tmp_path_factory: pytest.TempPathFactory
) -> subprocess.CompletedProcess[str]:
    """What the check says about a folder of mistakes."""
    folder = tmp_path_factory.mktemp("mistakes")
    for name, text in MISTAKES.items():
        (folder / name).write_text(text)
    for solution in SOLUTIONS:
        shutil.copy(solution, folder)
    return run_check(airflow, dbt, "--max-import-seconds=3", str(folder))


@pytest.mark.parametrize(
    "finding",
    [
        "bare.py:4: [owner] DAG bare has tasks that nobody owns",
        "bare.py:4: [tags] DAG bare has no tags",
        "bare.py:4: [doc] DAG bare has no description",
        "bare.py:4: [retries] DAG bare never retries nothing",
        "twin.py:8: [duplicate] DAG good is also defined in good.py",
        "talks.py:3: [import-io] importing the file starts a look-up of a host name",
        "breaks.py:3: [import] json.decoder.JSONDecodeError: Expecting value",
        "exits.py:1: [import] the import ended Python",
        "waits.py:1: [slow-import] importing the file took 3.",
        "uncalled.py:8: [no-dag] good is decorated with @dag and never called",
        "cron.py:8: [import] AirflowTimetableInvalid",
        "unclosed.py:3: [import] SyntaxError: '(' was never closed",
        "old.py:1: [import] ModuleNotFoundError: No module named 'airflow.operators",
        "old.py:1: [lint] F401",
        "variable.py:3: [lint] AIR003",
    ],
)
def test_a_mistake_is_named_at_its_line(
    checked: subprocess.CompletedProcess[str], finding: str
) -> None:
    assert finding in checked.stdout


def test_a_syntax_error_is_told_once(checked: subprocess.CompletedProcess[str]) -> None:
    assert checked.stdout.count("unclosed.py:") == 1


def test_a_good_file_among_bad_ones_is_not_named(
    checked: subprocess.CompletedProcess[str],
) -> None:
    assert "good.py:" not in checked.stdout


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.name)
def test_the_solutions_of_the_training_have_no_findings(
    checked: subprocess.CompletedProcess[str], solution: Path
) -> None:
    assert f"{solution.name}:" not in checked.stdout


def test_findings_end_with_status_1(checked: subprocess.CompletedProcess[str]) -> None:
    assert checked.returncode == 1, checked.stderr


def test_the_example_dags_follow_the_rules_that_they_teach(airflow: Path, dbt: Path) -> None:
    done = run_check(airflow, dbt, "dags")

    assert (done.returncode, done.stdout) == (0, "dags: nothing found\n"), done.stderr


def test_a_folder_that_is_not_there_ends_with_status_2(airflow: Path, dbt: Path) -> None:
    done = run_check(airflow, dbt, "no/such/folder")

    assert done.returncode == 2
    assert (
        done.stderr == "no/such/folder is not a folder; give the folder that holds the DAG files\n"
    )
