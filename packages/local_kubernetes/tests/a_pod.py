"""Runs beside a cluster: starts a pod, asks for a name, says what it sees, and waits if told to."""

import socket
import sys
import time
from typing import Any

from kubernetes import client, config
from local_kubernetes.node import PAUSE
from local_kubernetes.server import wait_until


def main() -> None:
    """Start it, and print `pod RUNNING_PHASE` and `name ADDRESS`."""
    config.load_kube_config()  # type: ignore[no-untyped-call] # the library's own gap
    api: Any = client.CoreV1Api()
    listed = api.list_namespaced_service_account
    wait_until(lambda: listed("default").items, "the account of pods", 60)
    container = {"name": "pause", "image": PAUSE, "imagePullPolicy": "Never"}
    pod = {"metadata": {"name": "a-pod"}, "spec": {"containers": [container]}}
    api.create_namespaced_pod("default", pod)

    def phase() -> str:
        return str(api.read_namespaced_pod("a-pod", "default").status.phase)

    wait_until(lambda: phase() == "Running", "the pod", 60)
    print("pod", phase(), flush=True)
    wait_until(lambda: _address() != "", "the name", 60)
    print("name", _address(), flush=True)
    if "wait" in sys.argv:
        time.sleep(600)


def _address() -> str:
    """Ask the cluster's name server as pods do; Python's own resolver asks the machine's."""
    question = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
    name = "kubernetes.default.svc.cluster.local"
    question += b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(2)
        asking.sendto(question + b"\x00\x00\x01\x00\x01", ("10.86.0.1", 53))
        answer = asking.recv(512)
    answers = int.from_bytes(answer[6:8], "big")
    return socket.inet_ntoa(answer[-4:]) if answers else ""


if __name__ == "__main__":
    main()
