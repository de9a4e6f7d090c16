"""A room's tests stay on one worker, and the room that starts most programs begins."""

import subprocess
import sys

import pytest

from tests import ROOT

FAST = """
import os

def test_one():
    with open({order!r}, "a") as file:
        print({room!r}, os.environ["PYTEST_XDIST_WORKER"], file=file)
"""


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Room and worker of each test, as they ended: rooms of three files, one of them slow."""
    folder = tmp_path_factory.mktemp("suite")
    told = folder / "order"
    for room in ("a_fast", "b_slow", "c_fast", "d_fast"):
        (folder / "tests" / room / "deeper").mkdir(parents=True)
        slow = "import subprocess\n" if "slow" in room else ""
        text = slow + FAST.format(order=str(told), room=room)
        for file in ("test_1.py", "test_2.py", "deeper/test_3.py"):
            (folder / "tests" / room / file).write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.fast", "-p", "tests.rooms", "-n", "2"]
    done = subprocess.run(
        [*command, "-c", ROOT / "pyproject.toml", "--rootdir", folder, folder / "tests"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return [(room, worker) for room, worker in map(str.split, told.read_text().splitlines())]


def test_a_room_stays_on_one_worker(order: list[tuple[str, str]]) -> None:
    assert len(order) == 12
    assert len(set(order)) == 4


def test_the_room_that_starts_programs_begins(order: list[tuple[str, str]]) -> None:
    begun = list(dict.fromkeys(room for room, _ in order))

    assert "b_slow" in begun[:2]  # two rooms begin at once
