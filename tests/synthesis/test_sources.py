"""What makes cdktf.out stale, shown on a copy of the checkout and the real commands."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthesis.reader import Synthesis
from synthesis.sources import StaleError
from tests import environment_files
from tests.guard import python_path

# one file of each kind that a synth reads, from every room
READ = [
    "main.py",
    "cdktf.json",
    "synth.lock",
    "constructs_lib/naming.py",
    "conventions/faults.py",
    "environments/model.py",
    "helm_values/objects_chart/Chart.yaml",
    "helm_values/objects_chart/values.schema.json",
    "observability/egress.py",
    "stacks/network.py",
    "synthesis/node-hook.cjs",
    "synthesis/preload.py",
]


def run(checkout: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": python_path(checkout), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def synthesized_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout that was synthesized."""
    checkout = environment_files.checkout(tmp_path_factory.mktemp("checkout") / "project")
    done = run(checkout, "-O", "main.py")
    assert done.returncode == 0, done.stderr
    return checkout


@pytest.fixture
def checkout(synthesized_checkout: Path) -> Iterator[Path]:
    """The copy, whose files a test may change, add and delete."""
    before = {file: file.read_bytes() for file in _sources(synthesized_checkout)}
    yield synthesized_checkout
    for file in _sources(synthesized_checkout) - before.keys():
        file.unlink()
    for file, content in before.items():
        if not file.exists() or file.read_bytes() != content:
            file.write_bytes(content)


def _sources(checkout: Path) -> set[Path]:
    rooms = [checkout.joinpath(name) for name in {name.split("/")[0] for name in READ}]
    inside = {file for room in rooms for file in room.rglob("*") if "__pycache__" not in file.parts}
    return {file for file in {*rooms, *inside} if file.is_file()}


def refusal(checkout: Path) -> str:
    """Return why the policy gate cannot judge the stacks."""
    done = run(checkout, "-m", "tools.policy")
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr


def staleness(checkout: Path) -> str:
    """Return why nobody reads the stacks: all gates ask the one reader."""
    with pytest.raises(StaleError) as refused:
        Synthesis.load(checkout / "cdktf.out", checkout)
    return str(refused.value)


@pytest.mark.parametrize("source", READ)
def test_a_changed_file_in_any_room_makes_the_stacks_stale(checkout: Path, source: str) -> None:
    with (checkout / source).open("a") as file:
        file.write("\n")

    assert f"older than {source}, which is changed" in staleness(checkout)


def test_every_room_that_is_imported_is_among_these(checkout: Path) -> None:
    recorded = (checkout / "cdktf.out" / "sources.json").read_text()

    rooms = {path.parent.name for path in checkout.glob("*/__init__.py")}
    read = {room for room in rooms if f'"{room}/' in recorded}
    assert read == {source.split("/")[0] for source in READ if "/" in source}


def test_a_new_environment_makes_the_stacks_stale(checkout: Path) -> None:
    (checkout / "environments" / "new.toml").write_text("")

    assert "older than environments/new.toml, which is new" in staleness(checkout)


def test_a_deleted_environment_makes_the_stacks_stale(checkout: Path) -> None:
    gone = sorted((checkout / "environments").glob("*.toml"))[0]
    gone.unlink()

    assert f"older than environments/{gone.name}, which is gone" in staleness(checkout)


def test_the_refusal_names_the_way_out(checkout: Path) -> None:
    (checkout / "environments" / "new.toml").write_text("")

    assert refusal(checkout).endswith("fix: run: make synth\n")


def test_an_environment_file_from_elsewhere_counts(checkout: Path, tmp_path: Path) -> None:
    example = sorted((checkout / "environments").glob("*.toml"))[0]
    elsewhere = tmp_path / "own.toml"
    elsewhere.write_text(example.read_text())
    out = str(tmp_path / "out")
    assert run(checkout, "-O", "main.py", str(elsewhere), CDKTF_OUTDIR=out).returncode == 0
    elsewhere.write_text(example.read_text() + "\n")

    done = run(checkout, "-m", "tools.policy", "--out", out)

    assert done.returncode == 2
    assert "own.toml, which is changed" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "tools.plan", "--environment", "dev"],
        ["-m", "tools.rehearsal"],
        ["-m", "tools.synth_table"],
    ],
    ids=lambda command: command[1],
)
def test_every_other_gate_refuses_them_too(checkout: Path, command: list[str]) -> None:
    with (checkout / "observability" / "egress.py").open("a") as file:
        file.write("\n")

    done = run(checkout, *command)

    assert done.returncode == 2
    assert "older than observability/egress.py, which is changed" in done.stderr


def test_a_newer_checkout_with_the_same_files_is_not_stale(checkout: Path) -> None:
    for file in _sources(checkout):
        file.touch()

    assert Synthesis.load(checkout / "cdktf.out", checkout).stacks


@pytest.mark.parametrize("unread", ["README.md", "tools/bench/floor.py", "helm_values/README.md"])
def test_a_file_that_no_synth_reads_changes_nothing(checkout: Path, unread: str) -> None:
    with (checkout / unread).open("a") as file:
        file.write("\n")

    assert Synthesis.load(checkout / "cdktf.out", checkout).stacks
