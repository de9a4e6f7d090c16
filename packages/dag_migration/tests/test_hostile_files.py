"""What a DAG file does while it is imported ends neither the run nor anything of another file."""

import os
import subprocess
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest
from dag_migration.airflow import Airflow
from dag_migration.model import Outcome

DAG = "\nfrom airflow.sdk import DAG\ndag = DAG('{name}', schedule=None)\n"
FILES = {
    "closes_and_loops": "import os\nos.closerange(0, 1000)\nwhile True: pass",
    "forks": "import os\nos.fork()",
    "kills_its_group": "import os\nos.killpg(0, 9)",
    "kills_its_parent": "import os, time\nos.kill(os.getppid(), 15)\ntime.sleep(1)",
    "kills_the_parent_of_its_parent": """
        import os
        parent = open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()[1]
        os.kill(int(parent), 9)
        """,
    "leaves_a_session": """
        import subprocess
        subprocess.Popen(["sleep", "86399"], start_new_session=True)
        """,
    "reads_a_variable": "from airflow.sdk import Variable\nassert Variable.get('bucket') == 'x'",
    "stops_its_parent": "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)",
    "writes_everywhere": """
        import os
        for fd in range(3, 100):
            try: os.write(fd, b"x\\n")
            except OSError: pass
        """,
    "z_last": "",
}


@pytest.fixture(scope="module")
def outcomes(airflow: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """The outcome of each file by its name, all imported by one call."""
    root = tmp_path_factory.mktemp("hostile").resolve()
    for name, text in FILES.items():
        code = textwrap.dedent(text) + DAG.format(name=name)
        (root / f"{name}.py").write_text(code)
    relative = Path(os.path.relpath(airflow))
    with Airflow(relative, timeout_seconds=4, jobs=4, variables={"bucket": "x"}) as started:
        found = started.import_files(root, [f"{name}.py" for name in FILES])
    return {path.removesuffix(".py"): outcome for path, outcome in found.items()}


def test_every_file_has_an_outcome(outcomes: Mapping[str, Outcome]) -> None:
    assert outcomes.keys() == FILES.keys()


@pytest.mark.parametrize(
    ("name", "outcome", "why"),
    [
        ("closes_and_loops", "timeout", "no end after 4 s"),
        ("kills_its_group", "crash", "the process was ended by SIGKILL"),
        ("kills_its_parent", "crash", "the file ended the process that started it"),
        ("stops_its_parent", "timeout", "no end after 4 s"),
        ("writes_everywhere", "crash", "its answer cannot be read"),
    ],
)
def test_a_hostile_file_is_named_with_what_it_did(
    outcomes: Mapping[str, Outcome], name: str, outcome: str, why: str
) -> None:
    assert (outcomes[name].outcome, outcomes[name].message) == (outcome, why)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads /proc: Linux only")
def test_a_file_that_ends_the_tests_own_process_is_named(outcomes: Mapping[str, Outcome]) -> None:
    found = outcomes["kills_the_parent_of_its_parent"]

    assert found.message == "the file ended the process that runs the import tests"


@pytest.mark.parametrize("name", ["forks", "leaves_a_session", "reads_a_variable", "z_last"])
def test_the_other_files_are_imported(outcomes: Mapping[str, Outcome], name: str) -> None:
    assert [dag.dag_id for dag in outcomes[name].dags] == [name]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads /proc: Linux only")
def test_a_process_in_a_session_of_its_own_is_ended(outcomes: Mapping[str, Outcome]) -> None:
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)

    assert outcomes["leaves_a_session"].outcome == "ok"
    assert "sleep 86399" not in running.stdout
