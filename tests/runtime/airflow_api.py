"""The REST API of an Airflow that a test has started, as its pages call it."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.parts.processes import wait_until


@dataclass(kw_only=True)
class AirflowApi:
    """An API server of this machine, with the simple sign-in."""

    port: int
    token: str = ""

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Call the REST API; return the answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                "Authorization": f"Bearer {self.token}",
            },
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def sign_in(self) -> bool:
        """Fetch a token for the API; return whether the server is there."""
        try:
            self.token = self.api("GET", "/auth/token")["access_token"]
        except OSError:
            return False
        return True

    def knows(self, dag_id: str) -> bool:
        """Tell whether the DAG is parsed."""
        try:
            return bool(self.api("GET", f"/api/v2/dags/{dag_id}")["dag_id"])
        except urllib.error.HTTPError:
            return False

    def tags(self, dag_id: str) -> list[str]:
        """Return the DAG's tags."""
        return [tag["name"] for tag in self.api("GET", f"/api/v2/dags/{dag_id}")["tags"]]

    def run_dag(self, dag_id: str, **conf: str) -> str:
        """Start a run with what it is told; return its id."""
        wait_until(lambda: self.knows(dag_id), f"DAG {dag_id} parsed", 180)
        run = {"logical_date": datetime.now(UTC).isoformat(), "conf": conf}
        return str(self.api("POST", f"/api/v2/dags/{dag_id}/dagRuns", run)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> Any:
        """Return the run."""
        return self.api("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")

    def finished(self, dag_id: str, run_id: str) -> str:
        """Wait for the run's end; return its state."""
        ends = ("success", "failed")
        wait_until(lambda: self.run(dag_id, run_id)["state"] in ends, f"{dag_id} ended", 180)
        return str(self.run(dag_id, run_id)["state"])

    def log(self, dag_id: str, run_id: str, task_id: str) -> str:
        """Return the task's log as the API gives it to the browser."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/1"
        return json.dumps(self.api("GET", path)["content"])
