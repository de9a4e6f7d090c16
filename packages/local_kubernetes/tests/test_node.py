"""A cluster of one node: what runs in it, and that nothing of it is left."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from local_kubernetes.programs import NODE, ProgramsMissingError, find, minors
from local_kubernetes.room import CONTROL_GROUPS, RoomError, check, sweep
from local_kubernetes.server import wait_until

from tests.parts.skips import not_given

POD = Path(__file__).with_name("a_pod.py")
COMMAND = [sys.executable, "-m", "local_kubernetes.shell", sys.executable, str(POD)]


@pytest.fixture(scope="module")
def a_node_can_be() -> None:
    """Skip where none can."""
    try:
        check()
        find(minors()[-1])
        find(minors()[-1], NODE)
    except (RoomError, ProgramsMissingError) as error:
        not_given(str(error))


def left() -> dict[str, set[str]]:
    """Return what a node makes that outlives a process."""
    mounts = Path("/proc/mounts").read_text().splitlines()
    programs = _lines("ps", "-eo", "args")
    shim = "containerd-shim-runc-v2 -namespace k8s.io"  # Docker's containers have shims, too
    return {
        "processes": {line for line in programs if "/room-" in line or shim in line},
        "mounts": {line for line in mounts if "room-" in line},
        "interfaces": set(os.listdir("/sys/class/net")),
        "rules": {line for line in _lines("iptables-save") if "KUBE" in line or "CNI" in line},
        "folders": set(map(str, Path(tempfile.gettempdir()).glob("room-*"))),
        "control groups": set(map(str, CONTROL_GROUPS.glob("**/room-*"))),
    }


def _lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


@pytest.fixture(scope="module")
def before(a_node_can_be: None) -> dict[str, set[str]]:
    """What was there before."""
    return left()


@pytest.fixture(scope="module")
def ran(before: dict[str, set[str]]) -> str:
    """What a pod's starter says in a cluster that ended by itself."""
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False, timeout=300)
    return done.stdout + done.stderr


def test_a_pod_runs(ran: str) -> None:
    assert "pod Running" in ran


def test_a_service_has_its_name(ran: str) -> None:
    assert "name 10.245.0.1" in ran


def test_nothing_is_left(before: dict[str, set[str]], ran: str) -> None:
    assert more_than(before) == {}


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_nothing_runs_after(sign: signal.Signals, before: dict[str, set[str]]) -> None:
    with subprocess.Popen([*COMMAND, "wait"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "pod Running\n"

        process.send_signal(sign)
        process.stdout.read()  # to the end of all that write there
        process.wait(120)

    # what is killed removes nothing: its folder and control groups stay, without a process
    kept = {"folders", "control groups"} if sign == signal.SIGKILL else set()
    try:
        wait_until(lambda: not more_than(before).keys() - kept, "the end of all", 60)
    finally:
        for folder in left()["folders"] - before["folders"]:
            sweep(Path(folder).name)
            shutil.rmtree(folder)


def more_than(before: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return what came since; what went meanwhile is somebody else's."""
    return {kind: found - before[kind] for kind, found in left().items() if found - before[kind]}


DEAF = """
import os, sys
from local_kubernetes import room
room.STOP_SECONDS = 1
command = "trap '' INT TERM HUP; echo listens to nobody; while :; do sleep 0.2; done"
sys.exit(room.run(["bash", "-c", command], os.environ))
"""


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGHUP])
def test_what_does_not_listen_is_interrupted_too(sign: signal.Signals, a_node_can_be: None) -> None:
    command = [sys.executable, "-c", DEAF]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()

        process.send_signal(sign)

        assert process.wait(60) == 130


KILLED = """
import os, sys
from local_kubernetes import room
sys.exit(room.run(["bash", "-c", "mktemp -d; kill -KILL $$"], os.environ))
"""


def test_what_is_killed_leaves_no_temporary_folder(a_node_can_be: None) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED], capture_output=True, text=True, check=False
    )
    made = Path(done.stdout.strip())

    assert made.is_absolute()
    assert not made.exists()
