"""Both executors at once: a worker of Celery on a real Redis, pods on a real Kubernetes API server.

No node runs, so the pod of a task stays pending; the task of the worker ends beside it.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import CoreV1Api
from local_kubernetes import ApiServer, ProgramsMissingError, api_server, find
from local_kubernetes.programs import nearest

from environments.model import Environment
from helm_values.airflow.executor import executor_values, worker_scaling
from tests.environment_files import DEV, tables
from tests.helm_values.infrastructure import INFRASTRUCTURE
from tests.parts.postgres import Postgres
from tests.parts.processes import free_port, running, wait_until
from tests.parts.redis import redis
from tests.parts.skips import missing
from tests.runtime.airflow_api import AirflowApi
from tests.runtime.airflow_home import AirflowHome

DAGS = Path(__file__).parent / "executors"
NAMESPACE = "airflow"
PASSWORD = "of-the-broker"
TEMPLATE = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "placeholder-name"},
    "spec": {
        "serviceAccountName": "default",
        "restartPolicy": "Never",
        "containers": [{"name": "base", "image": "airflow"}],
    },
}


@dataclass(kw_only=True)
class Both(AirflowApi):
    """An Airflow with both executors, and what it leans on."""

    folder: Path
    database: str
    postgres: Postgres
    kubernetes: ApiServer

    def states(self, run: str) -> dict[str, str]:
        """Return the state of each task of a run."""
        answer = self.api("GET", f"/api/v2/dags/both/dagRuns/{run}/taskInstances")
        return {each["task_id"]: each["state"] for each in answer["task_instances"]}

    def pods(self) -> list[dict[str, Any]]:
        """Return the pods that wait for a node."""
        client = self.kubernetes.client
        listed = CoreV1Api(client).list_namespaced_pod(NAMESPACE)
        plain: Any = client.sanitize_for_serialization(listed)  # type: ignore[no-untyped-call]
        found: list[dict[str, Any]] = plain["items"]
        return found

    def workers_needed(self, *, tasks_per_worker: int = 8) -> int:
        """Return the answer to KEDA's query."""
        env = environment(celery_tasks_per_worker=tasks_per_worker)
        _, scaled = worker_scaling(env, INFRASTRUCTURE)
        [trigger] = scaled["spec"]["triggers"]
        [[answer]] = self.postgres.query(self.database, trigger["metadata"]["query"])
        return int(answer)


def environment(**airflow: Any) -> Environment:
    """Return dev with both executors, a pod for each task the default."""
    made = tables(DEV)
    made["airflow"] |= {"executors": ["KubernetesExecutor", "CeleryExecutor"], **airflow}
    return Environment.model_validate(made)


@pytest.fixture(scope="module")
def kubernetes() -> Iterator[ApiServer]:
    """An API server with Airflow's namespace."""
    try:
        programs = find(nearest(environment().kubernetes.version))
    except ProgramsMissingError as error:
        missing(str(error))
    with api_server(programs) as server:
        core = {"apiVersion": "v1"}
        server.apply(core | {"kind": "Namespace", "metadata": {"name": NAMESPACE}})
        account = {"name": "default", "namespace": NAMESPACE}
        server.apply(core | {"kind": "ServiceAccount", "metadata": account})
        yield server


@pytest.fixture(scope="module")
def both(
    airflow: Path,
    postgres: Postgres,
    migrated: str,
    kubernetes: ApiServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Both]:
    """The whole platform, with its executors as they are synthesized."""
    folder = tmp_path_factory.mktemp("both")
    database = postgres.create("both-executors", like=migrated)
    with ExitStack() as parts:
        broker = parts.enter_context(redis(folder, PASSWORD))
        api = Both(
            port=free_port(),
            folder=folder,
            database=database,
            postgres=postgres,
            kubernetes=kubernetes,
        )
        worker, core = _homes(airflow, api, broker)
        programs = {
            "api-server": ["--port", str(api.port), "--workers", "1", "--host", "127.0.0.1"],
            "scheduler": ["--skip-serve-logs"],
            "dag-processor": [],
        }
        for name, arguments in programs.items():
            command = [airflow / "airflow", name, *arguments]
            log = folder / f"{name}.log"
            parts.enter_context(running(command, log, env=core.env, grace=3))
        command = [airflow / "airflow", "celery", "worker", "--skip-serve-logs"]
        parts.enter_context(running(command, folder / "worker.log", env=worker.env, grace=3))
        wait_until(api.sign_in, "the API server", 300)
        yield api


def _homes(airflow: Path, api: Both, broker: int) -> tuple[AirflowHome, AirflowHome]:
    """Return the settings of a worker, which has no database, and those of all else."""
    values = executor_values(environment())
    worker = AirflowHome(airflow, api.folder)
    worker.set("core", executor=values["executor"], dags_folder=DAGS, fernet_key="")
    worker.set("core", execution_api_server_url=f"http://127.0.0.1:{api.port}/execution/")
    worker.set("core", dags_are_paused_at_creation=False, simple_auth_manager_all_admins=True)
    worker.set("api", base_url=f"http://127.0.0.1:{api.port}", secret_key="one-for-all-processes")
    worker.set("celery", worker_concurrency=2, sync_parallelism=1)
    worker.set("workers", execution_api_timeout=60)
    worker.set("scheduler", enable_health_check=False)
    for variable in values["workers"]["celery"]["env"]:
        address = variable["value"].replace("$(AIRFLOW_REDIS_PASSWORD)", PASSWORD)
        worker.environment[variable["name"]] = address.replace(
            "airflow-redis:6379", f"127.0.0.1:{broker}"
        )
    core = AirflowHome(airflow, api.folder, dict(worker.environment))
    core.set("database", sql_alchemy_conn=api.postgres.url(api.database))
    core.set("api_auth", jwt_secret="one-for-all-processes-of-this-test-and-long-enough-for-hs512")
    kubeconfig, template = api.folder / "kubeconfig", api.folder / "template.yaml"
    kubeconfig.write_text(json.dumps(api.kubernetes.kubeconfig()))
    template.write_text(yaml.safe_dump(TEMPLATE))
    core.set("kubernetes_executor", in_cluster=False, config_file=kubeconfig)
    core.set("kubernetes_executor", namespace=NAMESPACE, pod_template_file=template)
    core.set("kubernetes_executor", worker_container_repository="airflow")
    core.set("kubernetes_executor", worker_container_tag="x")
    return worker, core


@dataclass(frozen=True)
class Story:
    """What was seen of one run, first while a task waited in a worker, then after its end."""

    states: dict[str, str]
    executors: dict[str, str]
    pods: list[dict[str, Any]]
    needed: int
    needed_of_one_task_each: int
    needed_after: int
    log: str


@pytest.fixture(scope="module")
def story(both: Both, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A run whose short task ends, while one waits in the worker and one for its pod."""
    released = tmp_path_factory.mktemp("released") / "now"
    run = both.run_dag("both", released=str(released))
    wait_until(lambda: both.states(run).get("waits") == "running", "a task in the worker", 240)
    wait_until(lambda: both.pods(), "the pod of a task", 60)
    rows = both.postgres.query(both.database, "SELECT task_id, executor FROM task_instance")
    seen = partial(
        Story,
        states=both.states(run),
        executors=dict(rows),
        pods=both.pods(),
        needed=both.workers_needed(),
        needed_of_one_task_each=both.workers_needed(tasks_per_worker=1),
    )
    released.touch()
    wait_until(lambda: both.states(run)["waits"] == "success", "the end of the task", 60)
    log = both.log("both", run, "short")
    return seen(needed_after=both.workers_needed(), log=log)


def test_a_worker_runs_tasks_while_another_waits_for_its_pod(story: Story) -> None:
    assert story.states == {"short": "success", "waits": "running", "in_a_pod": "queued"}
    assert "ran in a worker" in story.log


def test_only_the_task_that_names_no_worker_has_a_pod(story: Story) -> None:
    assert [pod["metadata"]["labels"]["task_id"] for pod in story.pods] == ["in_a_pod"]


def test_keda_counts_a_worker_s_task_by_either_spelling_and_no_pod(story: Story) -> None:
    assert story.executors["waits"].startswith("airflow.providers.celery")
    assert story.executors["in_a_pod"] == ""
    assert (story.needed, story.needed_of_one_task_each) == (1, 1)


def test_keda_needs_no_worker_for_a_task_that_waits_for_its_pod(story: Story) -> None:
    assert story.needed_after == 0
