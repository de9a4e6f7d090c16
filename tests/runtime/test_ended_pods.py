"""A task whose pod Kubernetes ended says so where its log is read.

The scheduler's own function fails the task, in a migrated database; the pod is one of a real API
server, with the status that a kubelet gives it; the log is read from a real Blob service.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_kubernetes import ProgramsMissingError, api_server, find

from tests.parts.azurite import Azurite
from tests.parts.postgres import Postgres
from tests.parts.skips import missing
from tests.runtime.airflow_home import IMAGE, AirflowHome

DAG = """
from airflow.sdk import dag, task
@dag(schedule=None)
def reads_all():
    @task(retries=1)
    def read():
        pass
    read()
reads_all()
"""
SETTING = """
import datetime, json, os
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.dagbag import DBDagBag
from airflow.models.dagbundle import DagBundleModel
from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor
from airflow.providers.cncf.kubernetes.kube_client import get_kube_client
from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from airflow.utils.log.log_reader import TaskLogReader

def dag_run(session, name):
    if not session.get(DagBundleModel, "b"):
        session.add(DagBundleModel(name="b"))
        session.commit()
    folder = os.environ["AIRFLOW__CORE__DAGS_FOLDER"]
    bag = DagBag(folder, bundle_name="b", bundle_path=__import__("pathlib").Path(folder))
    sync_bag_to_db(bag, "b", None)
    dag = DBDagBag().get_latest_version_of_dag("reads_all", session=session)
    return dag.create_dagrun(
        run_id=name, run_after=datetime.datetime.now(datetime.UTC),
        run_type=DagRunType.MANUAL, triggered_by=DagRunTriggeredByType.TEST,
        state=DagRunState.RUNNING, session=session,
    )

def make_pod(ti, status):
    labels = PodGenerator.build_labels_for_k8s_executor_pod(
        dag_id=ti.dag_id, task_id=ti.task_id, run_id=ti.run_id, map_index=ti.map_index,
        try_number=ti.try_number, airflow_worker=1)
    client = get_kube_client()
    name = "reads-all-" + ti.run_id
    resources = {"limits": {"memory": "2Gi"}}
    base = {"name": "base", "image": "a/b:1", "resources": resources}
    pod = {"metadata": {"name": name, "labels": labels}, "spec": {"containers": [base]}}
    client.create_namespaced_pod("airflow", pod)
    client.patch_namespaced_pod_status(name, "airflow", {"status": status})

def log_of(ti, uploaded):
    service = WasbHook("wasb_default").get_conn()
    if not service.get_container_client("logs").exists():
        service.create_container("logs")
    path = f"dag_id={ti.dag_id}/run_id={ti.run_id}/task_id={ti.task_id}/attempt=1.log"
    if uploaded:
        service.get_blob_client("logs", "tasks/" + path).upload_blob(uploaded)
    lines, _ = TaskLogReader().read_log_chunks(ti, 1, {})
    return [json.loads(line.model_dump_json()) for line in lines]

def ended(session, name, status, uploaded="", retries=0):
    (ti,) = dag_run(session, name).get_task_instances(session=session)
    ti.state, ti.try_number, ti.max_tries = TaskInstanceState.RUNNING, 1, retries
    ti.queued_by_job_id = 1
    session.commit()
    if status:
        make_pod(ti, status)
    executor = KubernetesExecutor()
    executor.event_buffer[ti.key] = (TaskInstanceState.FAILED, "Pod failed because of None")
    SchedulerJobRunner.process_executor_events(executor, 1, DBDagBag(), session)
    session.commit()
    return {"log": log_of(ti, uploaded), "state": str(ti.state)}

with create_session() as session:
    answer({name: ended(session, name, *case) for name, case in given["cases"].items()})
"""
NEEDED = "Out of memory: the task needed more than its limit of 2Gi, and Kubernetes ended it"


def terminated(reason: str, exit_code: int) -> dict[str, Any]:
    state = {"terminated": {"reason": reason, "exitCode": exit_code}}
    base = {"name": "base", "state": state, "image": "a", "imageID": "a", "ready": False}
    return {"phase": "Failed", "containerStatuses": [base | {"restartCount": 0}]}


@pytest.fixture(scope="module")
def home(
    airflow: Path,
    postgres: Postgres,
    migrated: str,
    storage: Azurite,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AirflowHome]:
    """A scheduler's Airflow: a database, a cluster, the image's plugin and its logs."""
    folder = tmp_path_factory.mktemp("ended")
    home = AirflowHome(airflow, folder)
    (folder / "dags").mkdir()
    (folder / "dags/reads_all.py").write_text(DAG)
    home.set("core", dags_folder=folder / "dags", plugins_folder=IMAGE / "plugins")
    database = postgres.create("ended", like=migrated)
    home.set("database", sql_alchemy_conn=postgres.url(database))
    home.set("logging", remote_logging=True, remote_log_conn_id="wasb_default")
    home.set("logging", remote_base_log_folder="wasb://tasks")
    home.set("logging", logging_config_class="airflow_azure.logs.LOGGING_CONFIG")
    home.set("azure_remote_logging", remote_wasb_log_container="logs")
    home.environment["AIRFLOW_CONN_WASB_DEFAULT"] = storage.connection
    try:
        programs = find("1.36")
    except ProgramsMissingError as error:
        missing(str(error))
    with api_server(programs) as server:
        for kind, where in (("Namespace", {}), ("ServiceAccount", {"namespace": "airflow"})):
            name = "airflow" if kind == "Namespace" else "default"
            server.apply({"apiVersion": "v1", "kind": kind, "metadata": {"name": name} | where})
        file = folder / "kubeconfig"
        file.write_text(json.dumps(server.kubeconfig(namespace="airflow")))
        home.set("kubernetes_executor", in_cluster=False, config_file=file, namespace="airflow")
        yield home


OUT_OF_MEMORY = terminated("OOMKilled", 137)
EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "low on ephemeral-storage"}
# how the pod ended; what of the log was uploaded; how many retries are left
CASES: dict[str, tuple[Any, str, int]] = {
    "oom": (OUT_OF_MEMORY, "", 0),
    "uploaded": (OUT_OF_MEMORY, '{"event": "first"}', 0),
    "retried": (OUT_OF_MEMORY, "", 1),
    "evicted": (EVICTED, "", 0),
    "gone": (None, "", 0),
    "crashed": (terminated("Error", 139), "", 0),
}


@pytest.fixture(scope="module")
def told(home: AirflowHome) -> Any:
    """Log and state of each case's task, after the scheduler has heard of its end."""
    return home.probe(SETTING, cases=CASES)


def last_line(told: Any, case: str) -> Any:
    return told[case]["log"][-1]


def test_a_task_that_needed_too_much_memory_says_so(told: Any) -> None:
    last = last_line(told, "oom")

    assert (last["level"], last["event"][: len(NEEDED)]) == ("critical", NEEDED)


def test_it_names_the_pod_whose_output_is_in_log_analytics(told: Any) -> None:
    assert "ContainerLogV2, pod reads-all-oom." in last_line(told, "oom")["event"]


def test_it_stands_below_what_was_uploaded(told: Any) -> None:
    *_, before, last = told["uploaded"]["log"]

    assert before["event"] == "first"
    assert last["event"].startswith(NEEDED)


def test_a_try_that_is_followed_by_another_says_so(told: Any) -> None:
    assert told["retried"]["state"] == "up_for_retry"
    assert last_line(told, "retried")["event"].startswith(NEEDED)


def test_an_evicted_task_says_so(told: Any) -> None:
    assert "Evicted (low on ephemeral-storage)" in last_line(told, "evicted")["event"]


def test_a_task_whose_pod_is_gone_says_so(told: Any) -> None:
    assert "its node was taken back" in last_line(told, "gone")["event"]


def test_any_other_end_has_its_exit_code(told: Any) -> None:
    assert "exit code 139 (Error)" in last_line(told, "crashed")["event"]
