"""What the training shows as the check's answer is what the check answers."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import ROOT
from tests.docs.pages import blocks

TRAINING = ROOT / "docs" / "training"
LESSONS = ("1-first-dag.md", "2-data-in-blob-storage.md")
LAKE = 'LAKE = ObjectStoragePath("abfs://data", conn_id="data_lake")\n'
FILES = 'FILES = sorted(str(path) for path in (LAKE / "raw/orders").glob("*.csv"))'


def check(airflow: Path, dags: Path) -> list[str]:
    """Run what `make check` runs in a team's repository."""
    done = subprocess.run(
        [airflow / "python", "-m", "check_dags", "dags"],
        cwd=dags.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT / "images" / "airflow")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()


def answers(lesson: str) -> list[list[str]]:
    """Return what a lesson shows as the check's answer: to the solution, and to the mistake."""
    return [
        [line for line in text.splitlines() if not line.startswith("$")]
        for text in list(blocks(TRAINING / lesson, "console"))[-2:]
    ]


@pytest.mark.parametrize(
    ("lesson", "solution", "before", "after"),
    [
        (LESSONS[0], "weekday.py", '"owner": "training", ', ""),
        (LESSONS[1], "order_counts.py", LAKE, f"{LAKE}{FILES}\n"),
    ],
)
def test_a_lesson_shows_the_findings_of_its_mistake(
    airflow: Path, tmp_path: Path, lesson: str, solution: str, before: str, after: str
) -> None:
    file = tmp_path / "dags" / solution
    file.parent.mkdir()
    text = (TRAINING / "solutions" / solution).read_text()
    assert before in text
    file.write_text(text.replace(before, after))

    assert check(airflow, file.parent) == answers(lesson)[1]


def test_the_solutions_have_the_answer_that_each_lesson_shows(
    airflow: Path, tmp_path: Path
) -> None:
    shutil.copytree(TRAINING / "solutions", tmp_path / "dags")

    answered = check(airflow, tmp_path / "dags")

    assert [answers(lesson)[0] for lesson in LESSONS] == [answered] * len(LESSONS)


def test_the_second_lesson_s_line_is_the_one_that_was_tried() -> None:
    assert f"`{FILES}`" in (TRAINING / LESSONS[1]).read_text()
