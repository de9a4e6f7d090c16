"""After a crash the next rehearsal in the same folder continues: nothing is lost or doubled."""

import json
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from terraform_runner.binary import find_terraform
from terraform_runner.diagnostics import TerraformError
from terraform_runner.offline import offline
from terraform_runner.terraform import Terraform

from synthesis.links import StateLink
from tests.parts.processes import wait_until
from tests.rehearsal.conftest import ROOT, Project
from tests.rehearsal.samples import GROUP, document
from tools.exit_status import Exit
from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.states import StateKind, azurite_states


class Gate:
    """A resource whose creation waits until it is let through."""

    def __init__(self, folder: Path) -> None:
        self._reached = folder / "reached"
        self._open = folder / "open"

    @property
    def command(self) -> str:
        """The shell command to wait with; it ends by itself after a minute."""
        wait = f"for i in $(seq 600); do [ -e {self._open} ] && break; sleep 0.1; done"
        return f"echo $PPID > {self._reached}; {wait}"

    def reached(self) -> int:
        """Wait for Terraform to come to the gate; return its process id."""
        wait_until(lambda: self._reached.exists() and self._reached.read_text().strip(), "the gate")
        return int(self._reached.read_text())

    def open(self) -> None:
        """Let Terraform through."""
        self._open.touch()


def processes_in(folder: Path) -> list[int]:
    """Ids of the processes that work in a folder, or have it as an argument."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            told = (process / "cmdline").read_text() + str((process / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in told:
            found.append(int(process.name))
    return found


def told(report: RehearsalReport) -> str:
    return "\n".join(note.message for note in report.notes)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def gated(project: Project, gate: Gate) -> Project:
    """A chain of two resource groups, the gate behind it, and one more group behind the gate."""
    waiting = {
        "input": "${azurerm_resource_group.second.id}",
        "provisioner": [{"local-exec": {"command": gate.command}}],
    }
    last = {**GROUP, "name": "rg-last", "depends_on": ["terraform_data.gate"]}
    second = {**GROUP, "name": "${azurerm_resource_group.first.name}-second"}
    groups = {"first": {**GROUP, "name": "rg-first"}, "second": second, "last": last}
    resources = {"azurerm_resource_group": groups, "terraform_data": {"gate": waiting}}
    project.synthesize({"network-dev": document("network", resources)})
    return project


def test_a_killed_apply_is_continued(gated: Project, gate: Gate, kept: Path) -> None:
    with gated.start("--state", "azurite", "--keep", kept) as first:
        os.kill(gate.reached(), signal.SIGKILL)
        first_said = first.communicate(timeout=300)[0]
    gate.open()
    wait_until(lambda: not processes_in(kept), "the end of all processes")

    second = gated.rehearse(state=StateKind.AZURITE, keep=kept)

    assert first.returncode == 1
    assert "killed by SIGKILL" in first_said
    assert second.status is Exit.GOOD, second.problems
    assert "broke the lock that a killed run left" in told(second)
    assert "azurerm_resource_group.first was made by a killed run: imported" in told(second)
    assert "azurerm_resource_group.second was made by a killed run: imported" in told(second)


def test_a_state_that_could_not_be_uploaded_is_saved_by_the_next_run(
    gated: Project, gate: Gate, kept: Path
) -> None:
    with gated.start("--state", "azurite", "--keep", kept) as first:
        gate.reached()
        for server in processes_in(kept / "dev" / "azurite"):
            os.kill(server, signal.SIGINT)
        wait_until(lambda: not processes_in(kept / "dev" / "azurite"), "the end of Azurite")
        gate.open()
        first.communicate(timeout=300)

    second = gated.rehearse(state=StateKind.AZURITE, keep=kept)

    assert first.returncode == 1
    assert second.status is Exit.GOOD, second.problems
    assert "the state that could not be uploaded was saved" in told(second)
    assert "imported" not in told(second)


def test_an_interrupted_rehearsal_leaves_nothing_running(
    gated: Project, gate: Gate, kept: Path
) -> None:
    with gated.start("--state", "azurite", "--keep", kept) as process:
        gate.reached()
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=300)[1]

    assert process.returncode == 130
    assert "everything that was started is stopped" in told
    assert processes_in(kept) == []


def test_a_folder_in_which_a_rehearsal_works_is_refused(
    gated: Project, gate: Gate, kept: Path
) -> None:
    with gated.start("--keep", kept) as first:
        gate.reached()
        second = gated.run("--keep", kept)
        gate.open()
        first.communicate(timeout=300)

    assert second.returncode == 2
    assert "another rehearsal works in" in second.stderr
    assert first.returncode == 0


@pytest.mark.usefixtures("terraform")
def test_a_lock_held_by_another_run_is_respected_until_that_run_ends(
    tmp_path: Path, gate: Gate
) -> None:
    waiting = {"provisioner": [{"local-exec": {"command": gate.command}}]}
    content = document("network", {"terraform_data": {"gate": waiting}})
    link = StateLink(account="stsamplestate", container="tfstate-dev", key="any")
    variables = offline(dict(os.environ), tmp_path)
    with ExitStack() as opened:
        states = opened.enter_context(
            azurite_states(tmp_path / "azurite", [link], variables, ROOT / "node_modules/.bin")
        )
        terraform = Terraform(
            binary=find_terraform(tmp_path, variables),
            environment={**variables, **states.environment},
        )
        first, second = (tmp_path / name for name in ("first", "second"))
        first.mkdir()
        (first / "cdk.tf.json").write_text(json.dumps(content))
        shutil.copytree(first, second)
        for folder in (first, second):
            terraform.init(folder)
        terraform.plan(first)
        workers = opened.enter_context(ThreadPoolExecutor(1))
        applied = workers.submit(terraform.apply, first)
        gate.reached()
        with pytest.raises(TerraformError) as refused:
            terraform.plan(second)
        gate.open()
        applied.result(timeout=300)

        after = terraform.plan(second)

    assert refused.value.lock["ID"]
    assert "@" in refused.value.lock["Who"]
    assert after.empty


def test_a_terraform_that_outlives_a_killed_rehearsal_keeps_the_folder(
    gated: Project, gate: Gate, kept: Path
) -> None:
    with gated.start("--keep", kept) as first:
        gate.reached()
        first.kill()
    second = gated.run("--keep", kept)
    gate.open()
    wait_until(lambda: not processes_in(kept), "the end of all processes")

    assert second.returncode == 2
    assert "another rehearsal works in" in second.stderr


def test_a_killed_rehearsal_takes_its_azurite_along_and_is_continued(
    gated: Project, gate: Gate, kept: Path
) -> None:
    with gated.start("--state", "azurite", "--keep", kept) as first:
        terraform = gate.reached()
        first.kill()
        first.wait()
    os.kill(terraform, signal.SIGKILL)
    gate.open()
    wait_until(lambda: not processes_in(kept), "the end of all processes")

    second = gated.rehearse(state=StateKind.AZURITE, keep=kept)

    assert second.status is Exit.GOOD, second.problems
    assert "azurerm_resource_group.second was made by a killed run: imported" in told(second)
