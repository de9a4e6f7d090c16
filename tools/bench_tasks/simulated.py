"""A Kubernetes without machines: a real API server, etcd and scheduler, and KWOK's nodes.

A pod is scheduled, runs for two seconds and succeeds. No image is pulled and no process starts.
"""

import json
import re
import ssl
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil
import yaml
from kubernetes import client
from local_kubernetes import ApiServer, ProgramsMissingError, api_server, find
from local_kubernetes.control_plane import running
from local_kubernetes.programs import NODE, SIMULATED_KUBELET, minors

from tools.bench_tasks.platform import BenchError
from tools.bench_tasks.processes import cpu_seconds

PROGRAMS = ("kube-apiserver", "etcd", "kube-scheduler", "kwok")
SCHEDULER = "system:kube-scheduler"
CPUS, MEMORY, PODS = "64", "256Gi", "250"
RUNS_MILLISECONDS = 2_000
# the id of the task instance, in the argument of the pod's entry, which is JSON within JSON
TASK = re.compile(rb'\\"ti\\":\s?\{\\"id\\":\s?\\"([0-9a-f-]{36})\\"')
STATUS = """
{{ $now := Now }}
phase: %(phase)s
startTime: {{ $now | Quote }}
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, status: "%(ready)s", lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: "%(ready)s", lastTransitionTime: {{ $now | Quote }}}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: %(is_ready)s
  restartCount: 0
  state: %(state)s
{{ end }}
"""
RUNNING = {
    "phase": "Running",
    "ready": "True",
    "is_ready": "true",
    "state": "{running: {startedAt: {{ $now | Quote }}}}",
}
SUCCEEDED = {
    "phase": "Succeeded",
    "ready": "False",
    "is_ready": "false",
    "state": "{terminated: {exitCode: 0, reason: Completed, finishedAt: {{ $now | Quote }}}}",
}


@dataclass(frozen=True)
class Simulation:
    """A cluster whose pods succeed.

    Attributes:
        server: its API server.
        kubeconfig: the administrator's.
    """

    server: ApiServer
    kubeconfig: Path

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds that each of its programs has used."""
        own = psutil.Process().children()
        return {name: cpu_seconds(*(p.pid for p in own if _is(p, name))) for name in PROGRAMS}

    def pods(self, namespace: str) -> int:
        """Return the number of pods in a namespace."""
        api: Any = client.CoreV1Api(self.server.client)
        found = api.list_namespaced_pod(namespace, limit=1)
        return len(found.items) + (found.metadata.remaining_item_count or 0)


@contextmanager
def simulation(folder: Path, *, nodes: int, labels: Mapping[str, str]) -> Iterator[Simulation]:
    """Run such a cluster while the block runs.

    Args:
        folder: for the files of its programs.
        nodes: number of nodes that KWOK plays, with 64 cores each.
        labels: of each node.

    Raises:
        BenchError: one of its programs is not built (`make simulated-kubelet`).
    """
    minor = minors()[-1]
    try:
        control_plane = find(minor)
        scheduler = find(minor, NODE).path("kube-scheduler")
        kwok = find(minor, SIMULATED_KUBELET).path("kwok")
    except ProgramsMissingError as error:
        raise BenchError(str(error)) from None
    folder.mkdir()
    with ExitStack() as opened:
        server = opened.enter_context(api_server(control_plane, folder=folder))
        made = Simulation(server, _kubeconfig(server, folder))
        stages = folder / "stages.yaml"
        stages.write_text(yaml.safe_dump_all(_stages()))
        commands = {
            "scheduler": [
                str(scheduler),
                f"--kubeconfig={_kubeconfig(server, folder, SCHEDULER)}",
                "--leader-elect=false",
                "--secure-port=0",  # nobody asks it, and another one may be there
            ],
            "kwok": [
                str(kwok),
                f"--kubeconfig={made.kubeconfig}",
                f"--config={stages}",
                "--manage-all-nodes",
            ],
        }
        for name, command in commands.items():
            opened.enter_context(running(command, folder / f"{name}.log"))
        for number in range(nodes):
            _add_node(server, f"node-{number:03}", labels)
        yield made


class StartedPods:
    """Watches which pods began to run, as a kubelet would have started them."""

    def __init__(self, made: Simulation, namespace: str) -> None:
        self._known: list[str] = []
        path = f"/api/v1/namespaces/{namespace}/pods?watch=1&fieldSelector=status.phase%3DRunning"
        config = made.server.kubeconfig()
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._context = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self._request = urllib.request.Request(
            f"{cluster['server']}{path}", headers={"Authorization": f"Bearer {user['token']}"}
        )
        threading.Thread(target=self._follow, daemon=True).start()

    def take(self) -> list[str]:
        """Return the ids of the task instances whose pods began to run since the last call."""
        taken = list(self._known)
        del self._known[: len(taken)]
        return taken

    def _follow(self) -> None:
        """Read until the API server ends."""
        with (
            suppress(OSError, HTTPException),
            urllib.request.urlopen(self._request, context=self._context) as events,
        ):
            for event in events:
                if event.startswith(b'{"type":"ADDED"') and (task := TASK.search(event)):
                    self._known.append(task[1].decode())


def _stages() -> list[dict[str, Any]]:
    """Return KWOK's stages of a pod: started, succeeded, deleted."""
    fresh = {"key": ".status.phase", "operator": "DoesNotExist"}
    deleted = {"key": ".metadata.deletionTimestamp", "operator": "Exists"}
    alive = deleted | {"operator": "DoesNotExist"}

    def stage(
        name: str, where: list[dict[str, Any]], kind: str = "Pod", **then: Any
    ) -> dict[str, Any]:
        return {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Stage",
            "metadata": {"name": name},
            "spec": {
                "resourceRef": {"apiGroup": "v1", "kind": kind},
                "selector": {"matchExpressions": where},
                **then,
            },
        }

    def phase(name: str) -> dict[str, Any]:
        return {"key": ".status.phase", "operator": "In", "values": [name]}

    return [
        # KWOK takes the pods of nodes that it does something to
        stage("is-there", [fresh], "Node", next={"statusTemplate": "phase: Running"}),
        stage("starts", [alive, phase("Pending")], next={"statusTemplate": STATUS % RUNNING}),
        stage(
            "succeeds",
            [alive, phase("Running")],
            delay={"durationMilliseconds": RUNS_MILLISECONDS},
            next={"statusTemplate": STATUS % SUCCEEDED},
        ),
        stage("goes", [deleted, phase("Running")], next={"delete": True}),
    ]


def _add_node(server: ApiServer, name: str, labels: Mapping[str, str]) -> None:
    api: Any = client.CoreV1Api(server.client)
    api.create_node({"metadata": {"name": name, "labels": dict(labels)}})
    # Admission taints a node that is new; no controller runs here that would take that away.
    api.patch_node(name, {"spec": {"taints": None}})
    room = {"cpu": CPUS, "memory": MEMORY, "pods": PODS, "ephemeral-storage": "1Ti"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    status = {"capacity": room, "allocatable": room, "conditions": [ready]}
    api.patch_node_status(name, {"status": status})


def _kubeconfig(server: ApiServer, folder: Path, user: str = "administrator") -> Path:
    path = folder / f"{user.replace(':', '-')}.kubeconfig"
    path.write_text(json.dumps(server.kubeconfig(user=user)))
    path.chmod(0o600)
    return path


def _is(process: psutil.Process, name: str) -> bool:
    with suppress(psutil.Error):
        return Path(process.exe()).name == name
    return False
