"""A room of its own for a cluster: network, mounts and processes that all end with one command.

What is started inside ends with it, also when it is killed: interfaces, rules of the firewall and
mounts belong to namespaces of the kernel that nobody else is in. Two things are not of that kind,
the working folder and control groups, and are removed afterwards from outside.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

PROGRAMS = {
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "ip": "iproute2",
    "iptables": "iptables",
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "dnsmasq": "dnsmasq-base",
}
PLUGINS = Path("/usr/lib/cni")
CONTROL_GROUPS = Path("/sys/fs/cgroup")
ADDRESS = "10.86.0.1"  # of the node, and of what stands beside the cluster
FOLDER = "LOCAL_KUBERNETES_ROOM"
STOP_SECONDS = 30
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# All pods together are one group, which without a weight gets as much as one process beside it
_WEIGHTS = {"cpu.shares": "10240", "cpu.weight": "1000"}
# the kernel's own, which a kubelet would set for the whole machine: it gets files to write into
_SETTINGS = (
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)


class RoomError(Exception):
    """No room can be had here; the message says what is missing."""


def check(more: Mapping[str, str] = MappingProxyType({})) -> None:
    """Refuse a machine that cannot run a node.

    Args:
        more: further programs that are needed, and Debian's packages of them.

    Raises:
        RoomError: it is not Linux, the user is not root, or a program is missing.
    """
    if os.uname().sysname != "Linux":
        raise RoomError(f"a node needs Linux, and this is {os.uname().sysname}")
    if os.geteuid() != 0:
        raise RoomError("a node needs root: it makes namespaces, mounts and network interfaces")
    wanted = _missing({**PROGRAMS, **more})
    if not (PLUGINS / "ptp").is_file():
        wanted.append("containernetworking-plugins")
    _refuse(wanted)


def check_processes(more: Mapping[str, str] = MappingProxyType({})) -> None:
    """Refuse a machine that cannot have a room with its own network.

    Args:
        more: further programs that are needed, and Debian's packages of them.

    Raises:
        RoomError: it is not Linux, the user is not root, or a program is missing.
    """
    if os.uname().sysname != "Linux" or os.geteuid() != 0:
        raise RoomError("processes that end with one command need Linux, and root")
    _refuse(_missing({name: PROGRAMS[name] for name in ("unshare", "setpriv")} | dict(more)))


def _missing(programs: Mapping[str, str]) -> list[str]:
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    return [package for name, package in programs.items() if not shutil.which(name, path=path)]


def _refuse(wanted: Sequence[str]) -> None:
    if wanted:
        raise RoomError(f"programs are missing: apt-get install {' '.join(dict.fromkeys(wanted))}")


def run(command: Sequence[str], environment: Mapping[str, str], *, network: bool = True) -> int:
    """Run a command in a room of its own; return its exit status when all is gone.

    Args:
        command: to run.
        environment: its variables.
        network: give it a network of its own, for a node; else it has the machine's.

    The command finds its working folder in the variable LOCAL_KUBERNETES_ROOM, and there a folder
    for what is temporary in TMPDIR. Ctrl-C, SIGTERM and
    SIGHUP reach it as Ctrl-C, and it gets half a minute to end; the status is 130 then, however it
    ended.

    Raises:
        RoomError: no room can be had.
    """
    (check if network else check_processes)()
    with tempfile.TemporaryDirectory(prefix="room-", ignore_cleanup_errors=True) as scratch:
        # tied to this process twice: unshare ends with it, and the room with unshare
        apart = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid"]
        apart += [*(["--net"] if network else []), "--fork", "--kill-child", "--mount-proc"]
        # the first process of the room buries those whose parents are gone, which a shell does
        shell = ["bash", "-c", '"$@"; exit $?', "room"]
        process = subprocess.Popen(
            [*apart, "--", *shell, *command],
            env={**environment, FOLDER: scratch, "TMPDIR": str(_temporary(Path(scratch)))},
            start_new_session=True,
        )
        interrupted = threading.Event()

        def stop(*_: object) -> None:
            interrupted.set()
            _stop(process)

        before = {sign: signal.getsignal(sign) for sign in _ENDINGS}
        for sign in before:
            signal.signal(sign, stop)
        try:
            status = process.wait()
            if interrupted.is_set():
                return 130
            return status if status >= 0 else 128 - status
        finally:
            for sign, handler in before.items():
                signal.signal(sign, handler)
            _tell(process, signal.SIGKILL)
            process.wait()
            sweep(Path(scratch).name)


def _temporary(folder: Path) -> Path:
    """Make the room's own folder for what is temporary: who is killed removes nothing."""
    made = folder / "tmp"
    made.mkdir()
    made.chmod(0o1777)
    return made


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Tell it to end; who does not listen, in a long call of Helm's library, is ended later."""
    _tell(process, signal.SIGINT)

    def kill() -> None:
        if process.poll() is None:
            _tell(process, signal.SIGKILL)

    later = threading.Timer(STOP_SECONDS, kill)
    later.daemon = True
    later.start()


def _tell(process: "subprocess.Popen[bytes]", sign: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, sign)


def sweep(name: str) -> None:
    """Remove the control groups of a room: they are empty, and the kernel keeps them."""
    for group in _groups(name):
        for folder, _, _ in os.walk(group, topdown=False):
            with suppress(OSError):  # of another hierarchy that is mounted twice
                Path(folder).rmdir()


def _groups(name: str) -> list[Path]:
    return [CONTROL_GROUPS / name, *CONTROL_GROUPS.glob(f"*/{name}")]


def enter() -> Path:
    """Make a room with the machine's network ready, from inside; return its working folder.

    Raises:
        RoomError: this process is in no room.
    """
    if FOLDER not in os.environ or os.getppid() != 1:
        raise RoomError("this has to run in a room of its own: local_kubernetes.room.run")
    folder = Path(os.environ[FOLDER])
    folder.chmod(0o711)  # a server without root's rights finds its folder in it
    _do("mount", "--make-rprivate", "/")
    return folder


def add_names(folder: Path, address: str, names: Sequence[str]) -> None:
    """Let the programs of the room find names at an address."""
    hosts = folder / "own-hosts"
    line = f"{address} {' '.join(names)}"
    hosts.write_text(f"{Path('/etc/hosts').read_text()}\n{line}\n")
    _do("mount", "--bind", str(hosts), "/etc/hosts")


def settle() -> Path:
    """Make the room of a node ready, from inside; return its working folder.

    Raises:
        RoomError: this process is in no room.
    """
    folder = enter()
    for setting in _SETTINGS:
        real, own = Path("/proc/sys", setting), folder / setting.replace("/", "-")
        own.write_text(real.read_text())
        _do("mount", "--bind", str(own), str(real))
    asked = folder / "resolv.conf"
    asked.write_text(f"nameserver {ADDRESS}\n")
    _do("mount", "--bind", str(asked), str(Path("/etc/resolv.conf").resolve()))
    for place in ("/run", "/var/log", "/var/lib/cni"):
        Path(place).mkdir(exist_ok=True)
        _do("mount", "-t", "tmpfs", "-o", "mode=755", "room", place)
    _do("ip", "link", "set", "lo", "up")
    _do("ip", "link", "add", "node0", "type", "bridge")
    _do("ip", "address", "add", f"{ADDRESS}/32", "dev", "node0")
    _do("ip", "link", "set", "node0", "up")
    _do("ip", "route", "add", "default", "dev", "node0")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    for hierarchy in _hierarchies():
        group = hierarchy / folder.name
        group.mkdir(exist_ok=True)
        for file, weight in _WEIGHTS.items():
            if (group / file).is_file():
                (group / file).write_text(weight)
    return folder


def _hierarchies() -> list[Path]:
    """Return where control groups are made: one folder, or one for each controller before v2."""
    if (CONTROL_GROUPS / "cgroup.controllers").is_file():
        wanted = " ".join(f"+{name}" for name in ("cpu", "cpuset", "io", "memory", "pids"))
        (CONTROL_GROUPS / "cgroup.subtree_control").write_text(wanted)
        return [CONTROL_GROUPS]
    return [each for each in CONTROL_GROUPS.iterdir() if each.is_dir() and each.name != "unified"]


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RoomError(f"`{' '.join(command)}`: {done.stderr.strip()}")
