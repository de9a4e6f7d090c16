"""Airflow in the rehearsed cluster, as its operators see it: pods, DAGs, runs and logs."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import stream
from kubernetes.stream.ws_client import ERROR_CHANNEL

from tools.cluster.platform import Platform
from tools.cluster.story import wait_for

NAMESPACE = "airflow"
STORAGE = "https://storage.azure.com"
TEAM = "platform"
ENDS = ("success", "failed")
_TRIGGER = """
import sys, json
from datetime import datetime, UTC
from airflow.api.common.trigger_dag import trigger_dag
from airflow.models import DagModel
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType
name, run, conf, day = sys.argv[1:]
with create_session() as session:
    session.get(DagModel, name).is_paused = False
when = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else datetime.now(UTC)
trigger_dag(name, triggered_by=DagRunTriggeredByType.CLI, run_id=run, conf=json.loads(conf),
            logical_date=when)
"""


class AirflowError(Exception):
    """A command in a pod failed; the message has its last lines."""


@dataclass
class Airflow:
    """The deployed Airflow: its pods by the API server, its runs by the metadata database."""

    platform: Platform
    project: Path
    _api: Any = field(init=False)

    def __post_init__(self) -> None:
        """Open an API connection of its own: a command in a pod changes the connection it uses."""
        kubeconfig = str(self.platform.cluster.kubeconfig)
        made = config.new_client_from_config(kubeconfig)  # type: ignore[no-untyped-call]
        self._api = client.CoreV1Api(made)
        self.apps: Any = client.AppsV1Api(made)

    def pods(self, component: str) -> list[Any]:
        """Return the pods of a component, such as `scheduler`, without those being deleted."""
        found = self._api.list_namespaced_pod(NAMESPACE, label_selector=f"component={component}")
        return [pod for pod in found.items if pod.metadata.deletion_timestamp is None]

    def every_pod(self) -> list[Any]:
        """Return all pods of Airflow's namespace."""
        return list(self._api.list_namespaced_pod(NAMESPACE).items)

    def restarts(self) -> dict[str, int]:
        """Return the restarts of each pod's containers, by pod; pods without one are left out."""
        found = {}
        for pod in self.every_pod():
            statuses = [
                *(pod.status.init_container_statuses or []),
                *(pod.status.container_statuses or []),
            ]
            if count := sum(status.restart_count for status in statuses):
                found[pod.metadata.name] = count
        return found

    def ready(self, component: str) -> bool:
        """Tell whether a component has pods, and all of them are ready."""
        try:
            pods = self.pods(component)
        except (ApiException, OSError):
            return False
        return bool(pods) and all(
            any(
                each.type == "Ready" and each.status == "True"
                for each in pod.status.conditions or []
            )
            for pod in pods
        )

    def kill(self, component: str) -> int:
        """Delete the pods of a component without a grace period; return how many."""
        pods = self.pods(component)
        for pod in pods:
            self._api.delete_namespaced_pod(pod.metadata.name, NAMESPACE, grace_period_seconds=0)
        return len(pods)

    def evict(self, name: str) -> None:
        """Evict a pod, as the drain of a node does."""
        metadata = {"name": name, "namespace": NAMESPACE}
        self._api.create_namespaced_pod_eviction(name, NAMESPACE, {"metadata": metadata})

    def execute(self, component: str, *command: str, seconds: float = 180) -> str:
        """Run a command in a ready pod of a component for at most `seconds`; return what it prints.

        Raises:
            AirflowError: it failed.
        """
        wait_for(f"the {component}", lambda: self.ready(component), 300)
        [pod, *_] = self.pods(component)
        channel = stream(
            self._api.connect_get_namespaced_pod_exec,
            pod.metadata.name,
            NAMESPACE,
            container=component,
            command=list(command),
            stdout=True,
            stderr=True,
            _preload_content=False,
        )
        channel.run_forever(timeout=seconds)
        # first: reading the rest forgets it
        status = yaml.safe_load(channel.read_channel(ERROR_CHANNEL) or "{}")
        said = str(channel.read_all())
        if status.get("status") != "Success":
            why = status.get("message", f"it did not end in {seconds:.0f} s")
            raise AirflowError(f"{component}: {why}: {said.strip()[-1500:]}")
        return said

    def trigger(self, dag: str, run: str, *, day: str = "", **conf: object) -> None:
        """Unpause a DAG and trigger a run with a logical date (`day`, YYYY-MM-DD) and a conf."""
        self.execute("api-server", "python", "-c", _TRIGGER, dag, run, json.dumps(conf), day)

    def sql(self, statement: str) -> str:
        """Run a statement in the metadata database as its superuser; return what psql prints."""
        return self.platform.database.sql(statement, "airflow")

    def knows(self, dag: str) -> bool:
        """Tell whether a DAG is parsed."""
        return self.sql(f"SELECT count(*) FROM dag WHERE dag_id = '{dag}' AND NOT is_stale") == "1"

    def state(self, dag: str, run: str) -> str:
        """Return the state of a run, empty if there is none."""
        return self.sql(f"SELECT state FROM dag_run WHERE dag_id = '{dag}' AND run_id = '{run}'")

    def last_run(self, dag: str) -> str:
        """Return the state of a DAG's newest run."""
        return self.sql(
            f"SELECT state FROM dag_run WHERE dag_id = '{dag}' ORDER BY id DESC LIMIT 1"
        )

    def tasks(self, dag: str, run: str) -> dict[str, int]:
        """Return the number of a run's task instances by state."""
        rows = self.sql(
            "SELECT coalesce(state, 'none'), count(*) FROM task_instance "
            f"WHERE dag_id = '{dag}' AND run_id = '{run}' GROUP BY 1"
        )
        return {row.split("|")[0]: int(row.split("|")[1]) for row in rows.splitlines()}

    def at_work(self, dag: str, run: str) -> int:
        """Return how many of a run's mapped tasks are running."""
        where = f"dag_id = '{dag}' AND run_id = '{run}' AND map_index >= 0 AND state = 'running'"
        return int(self.sql(f"SELECT count(*) FROM task_instance WHERE {where}"))

    def upload_command(
        self, folder: Path, target: str, commit: str
    ) -> tuple[list[str], dict[str, str]]:
        """Return the command that a team's pipeline uploads with, and its environment variables."""
        options = ["--account", self.platform.blobs, "--target", target, "--commit", commit]
        variables = {
            **os.environ,
            "PYTHONPATH": str(self.project / "images" / "airflow"),
            "REQUESTS_CA_BUNDLE": str(self.platform.authority),
            "STORAGE_ACCESS_TOKEN": self.platform.endpoint.person(STORAGE),
        }
        return [sys.executable, "-m", "airflow_azure.upload", str(folder), *options], variables

    def upload(self, folder: Path, target: str, commit: str) -> str:
        """Upload a folder of DAGs; return what the upload says.

        Raises:
            AirflowError: it was refused.
        """
        command, variables = self.upload_command(folder, target, commit)
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AirflowError(done.stderr.strip()[-1500:])
        return done.stdout.strip()

    def blobs(self, container: str, prefix: str = "") -> Sequence[str]:
        """Return the names of a container's blobs that begin with a prefix."""
        with self.platform.storage.client(self.platform.account) as service:
            found = service.get_container_client(container).list_blobs(prefix)
            return [blob.name for blob in found]

    def write(self, container: str, name: str, text: str) -> None:
        """Write a blob."""
        with self.platform.storage.client(self.platform.account) as service:
            service.get_container_client(container).upload_blob(name, text, overwrite=True)

    def read(self, container: str, name: str) -> str:
        """Return a blob's text."""
        with self.platform.storage.client(self.platform.account) as service:
            blob = service.get_container_client(container).download_blob(name)
            return str(blob.readall().decode())
