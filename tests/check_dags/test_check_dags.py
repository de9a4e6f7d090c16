"""An author's mistakes are named at their line, with what to do, by one run of the real check."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest
from check_dags.findings import RULES, Level

from tests import ROOT

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
SECRET = "hunter2-hunter2"
POD = """from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG

with DAG("pod", schedule=None):
    KubernetesPodOperator(
        task_id="a", image="busybox", hostnetwork=True,
        container_security_context={"privileged": True},
    )
"""
MODELS = """from airflow.sdk import DAG
from cosmos import ProfileConfig
from cosmos.operators.local import DbtRunLocalOperator

PROFILE = ProfileConfig(profile_name="x", target_name="x", profiles_yml_filepath=__file__)
with DAG("models", schedule=None):
    for number in range(4):
        DbtRunLocalOperator(task_id=f"m{number}", project_dir=".", profile_config=PROFILE)
"""


def on_a_worker(name: str, arguments: str) -> str:
    return GOOD.replace("good", name).replace("@task\n", f"@task({arguments})\n")


MISTAKES = {
    "good.py": GOOD,
    "bare.py": BARE,
    "twin.py": GOOD,
    "talks.py": "import socket\n\nsocket.getaddrinfo('localhost', 1)\n"
    + GOOD.replace("good()", "t()"),
    "variable.py": "from airflow.sdk import DAG, Variable\n\nVariable.get('x', default=None)\n",
    "breaks.py": "import json\n\njson.loads('not json')\n",
    "lines.py": "raise ValueError('2 columns are missing:\\n  price\\n  day')\n",
    "exits.py": "import os\n\nos._exit(3)\n",
    "waits.py": "import time\n\ntime.sleep(3)\n" + GOOD.replace("good()", "w()"),
    "uncalled.py": GOOD.removesuffix("\n\ngood()\n"),
    "cron.py": GOOD.replace("schedule=None", 'schedule="0 99 * * *"').replace("good()", "c()"),
    "unclosed.py": "from airflow.sdk import dag\n\nprint(dag\n",
    "forks.py": "import os\n\nos.fork()\n" + GOOD.replace("good()", "f()"),
    "loops.py": "import os\n\nif os.fork() == 0:\n    while True:\n        pass\n"
    + GOOD.replace("good()", "lo()"),
    "kills.py": "import os\n\nos.kill(os.getppid(), 9)\n",
    "closes.py": "import os\n\nos.closerange(0, 100)\n",
    "leaves.py": "import sys\n\nsys.exit()\n",
    "secrets_of_ours.py": f"""PASSWORD = "{SECRET}"
KEY = "AccountKey={"A" * 86}=="
URL = "postgresql://me:{SECRET}@db/x"
OF_A_CONNECTION = dict(password="{{{{ conn.x.password }}}}", token="TOKEN_VARIABLE")
""",
    "session.py": "from airflow.utils.session import create_session\n\n"
    "with create_session() as session:\n    print(session)\n",
    "runs.py": "from airflow.models import DagRun\n\n\n"
    "def last():\n    return DagRun.find(dag_id='x')\n",
    "now.py": "from datetime import datetime\n\nARGS = {'start_date': datetime.now()}\n",
    "moving.py": "from datetime import datetime\n\nfrom airflow.sdk import DAG\n\n"
    "DAG('moving', start_date=datetime.now())\n",
    "naive.py": "from datetime import datetime\n\nARGS = {'start_date': datetime(2026, 1, 1)}\n",
    "early.py": "from airflow.sdk import BaseHook, dag\n\n\n@dag()\ndef early():\n"
    "    BaseHook.get_connection('x')\n",
    "alias.py": "from airflow.sdk import Variable as V\n\nV.get('x', default=None)\n",
    "hook.py": "from airflow.providers.postgres.hooks.postgres import PostgresHook\n\n"
    "PostgresHook('shop_db').get_records('select 1')\n",
    "started.py": "from datetime import UTC, datetime, timedelta\n\n"
    "START = datetime.now(UTC) - timedelta(days=1)\nARGS = {'start_date': START}\n",
    "default.py": f"def sign_in(password='{SECRET}'):\n    return password\n",
    "rights.py": GOOD.replace("good()", "r()").replace(
        "    schedule=None,", "    schedule=None,\n    access_control={'Op': {'can_edit'}},"
    ),
    "pod.py": POD,
    "edge.py": on_a_worker("edge", 'executor="EdgeExecutor"'),
    "queue.py": on_a_worker("queued", 'executor="CeleryExecutor", queue="big"'),
    "config.py": on_a_worker("config", 'executor="CeleryExecutor", executor_config={"a": 1}'),
    "default_queue.py": on_a_worker("in_a_pod", 'queue="big", executor_config={"a": 1}'),
    "models.py": MODELS,
    "undefined.py": "def later():\n    return no_such_name\n",
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
    with ZipFile(folder / "data.zip", "w") as archive:  # Airflow looks for DAGs in each archive
        archive.writestr("rates.csv", "EUR,1")
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
        "lines.py:1: [import] ValueError: 2 columns are missing: price day\n",
        "exits.py:1: [import] the import ended Python (status 3)\n"
        "    Airflow shows no import error",
        "waits.py:1: [slow-import] importing the file took 3.",
        "uncalled.py:8: [no-dag] good is decorated with @dag and never called",
        "cron.py:8: [import] AirflowTimetableInvalid",
        "unclosed.py:3: [import] SyntaxError: '(' was never closed",
        "forks.py:3: [import-io] importing the file starts a copy of its own process",
        "loops.py:3: [import-io] importing the file starts a copy of its own process",
        "kills.py:1: [import] the import ended the check (status -9)",
        "closes.py:1: [import] the import ended Python",
        "leaves.py:3: [import] SystemExit",
        "secrets_of_ours.py:1: [secret] a secret stands in the file, as PASSWORD",
        "secrets_of_ours.py:2: [secret] a storage account's key stands in the file",
        "secrets_of_ours.py:3: [secret] a password in an address stands in the file",
        "session.py:1: [metadata] create_session asks Airflow's own database",
        "runs.py:5: [metadata] DagRun.find asks Airflow's own database",
        "now.py:3: [date] start_date is now(): another one at each import",
        "alias.py:3: [parse-secret] Variable.get is called while the file is imported",
        "hook.py:3: [import] airflow.sdk.exceptions.AirflowNotFoundException: The conn_id "
        "`shop_db` isn't defined\n    The DAG processor has no vault and no secrets",
        "started.py:3: [date] start_date is now(): another one at each import",
        "default.py:1: [secret] a secret stands in the file, as password",
        "naive.py:3: [time-zone] start_date has no time zone",
        "early.py:6: [parse-secret] BaseHook.get_connection is called while",
        "rights.py:8: [access-control] DAG r hands out rights",
        "pod.py:4: [pod] DAG pod, task a: image busybox is not from the platform's registry",
        "pod.py:4: [pod] DAG pod, task a: it is privileged",
        "pod.py:4: [pod] DAG pod, task a: it uses the node's network",
        "edge.py:8: [import] UnknownExecutorException: Task 'nothing' specifies "
        "executor 'EdgeExecutor', which is not available.",
        "    The platform has KubernetesExecutor and CeleryExecutor: name one, or none.",
        "queue.py:8: [executor] DAG queued, task nothing: no worker listens to the queue big",
        "config.py:8: [executor] DAG config, task nothing: executor_config has no effect",
        "models.py:6: [dbt-pods] DAG models starts dbt in 4 tasks, each in a pod of its own",
        "undefined.py:2: [bug] F821",
        "old.py:1: [import] ModuleNotFoundError: No module named 'airflow.operators",
        "old.py:1: [style] F401",
        "variable.py:3: [parse-secret] Variable.get is called while the file is imported",
    ],
)
def test_a_mistake_is_named_at_its_line(
    checked: subprocess.CompletedProcess[str], finding: str
) -> None:
    assert finding in checked.stdout


def test_an_archive_of_data_is_no_mistake(checked: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in checked.stderr
    assert "data.zip" not in checked.stdout


def test_a_task_in_a_pod_may_have_a_queue_and_a_config(
    checked: subprocess.CompletedProcess[str],
) -> None:
    assert "default_queue.py" not in checked.stdout


@pytest.fixture(scope="module")
def without_celery(
    airflow: Path, dbt: Path, tmp_path_factory: pytest.TempPathFactory
) -> subprocess.CompletedProcess[str]:
    """What the check of a platform with pods alone says, where nobody asked for rules of style."""
    folder = tmp_path_factory.mktemp("without_celery")
    (folder / "short.py").write_text(on_a_worker("short", 'executor="CeleryExecutor"'))
    (folder / "good.py").write_text("import sys\nimport os\n" + GOOD + "print(os, sys)\n")
    return run_check(airflow, dbt, "--executors=KubernetesExecutor", str(folder))


def test_an_executor_that_the_platform_lacks_is_refused(
    without_celery: subprocess.CompletedProcess[str],
) -> None:
    assert without_celery.returncode == 1
    assert "[import]" in without_celery.stdout
    assert "The platform has KubernetesExecutor: name one, or none." in without_celery.stdout


def test_rules_that_nobody_asked_for_are_not_applied(
    without_celery: subprocess.CompletedProcess[str],
) -> None:
    assert "short.py:" in without_celery.stdout
    assert "good.py" not in without_celery.stdout


def test_a_task_that_names_no_executor_is_judged_by_the_default_one(
    airflow: Path, dbt: Path, tmp_path: Path
) -> None:
    (tmp_path / "queued.py").write_text(on_a_worker("queued", 'queue="big"'))

    done = run_check(airflow, dbt, "--executors=CeleryExecutor,KubernetesExecutor", str(tmp_path))

    assert "[executor] DAG queued, task nothing: no worker listens" in done.stdout


def test_no_secret_is_printed(checked: subprocess.CompletedProcess[str]) -> None:
    assert SECRET not in checked.stdout + checked.stderr
    assert "A" * 86 not in checked.stdout + checked.stderr


def test_a_reference_to_a_secret_is_none(checked: subprocess.CompletedProcess[str]) -> None:
    assert "secrets_of_ours.py:4" not in checked.stdout


def test_what_breaks_a_dag_comes_first_and_style_last(
    checked: subprocess.CompletedProcess[str],
) -> None:
    rules = re.findall(r"^\S+:\d+: \[([\w-]+)\]", checked.stdout, re.M)
    levels = [RULES[rule] for rule in rules]

    assert levels == sorted(levels)
    assert set(levels) == set(Level)


SHOUT = "\n\ndef Shout():\n    pass\n"  # no tool gives it another name


@pytest.fixture(scope="module")
def fixed(
    airflow: Path, dbt: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder after a check with `--fix`, where a hint of style stays, and what it said."""
    folder = tmp_path_factory.mktemp("fixed")
    (folder / "pyproject.toml").write_text('[tool.ruff.lint]\nselect = ["F", "N"]\n')
    (folder / "good.py").write_text("import os\n" + GOOD + SHOUT)
    return folder, run_check(airflow, dbt, "--fix", str(folder))


def test_fix_corrects_what_is_safe(
    fixed: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    assert (fixed[0] / "good.py").read_text() == GOOD + SHOUT


def test_style_alone_does_not_fail_the_check(
    fixed: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = fixed

    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        f"{folder}: nothing found, 1 hint",
    )


def test_a_moving_start_is_told_once(checked: subprocess.CompletedProcess[str]) -> None:
    assert checked.stdout.count("moving.py:5: [date]") == 1


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


def test_a_named_pipe_is_refused_and_not_waited_for(
    tmp_path: Path, airflow: Path, dbt: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.py")

    done = run_check(airflow, dbt, str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.startswith("the check cannot run: pipe.py is a named pipe")


def test_a_folder_that_is_not_there_ends_with_status_2(airflow: Path, dbt: Path) -> None:
    done = run_check(airflow, dbt, "no/such/folder")

    assert done.returncode == 2
    assert (
        done.stderr == "no/such/folder is not a folder; give the folder that holds the DAG files\n"
    )
