"""Says why Kubernetes ended a task's pod, where the task's log is read.

Kubernetes ends a container as a whole when it needs more memory than its limit (since 1.28, on
cgroup v2: `memory.oom.group`; AKS does not offer the kubelet's `singleProcessOOMKill`). Airflow's
supervisor dies with its task then: nobody says a word, and nobody uploads the log. So the
scheduler, which hears of it, looks at the pod and notes the reason in Airflow's audit log; who
reads the task's log is shown that note as its last line.
"""

import json
import logging
import re
from typing import Any

from airflow.configuration import conf
from airflow.listeners import hookimpl

EVENT = "pod ended"
# the scheduler's words for an executor that knows of an end, and a task that has not told of one
UNTOLD = re.compile(r"KubernetesExecutor.* reported that the task instance .* finished with state")
CONTAINER = "base"  # of the task, in the executor's pods
SECONDS = (2, 5)  # to connect and to read: the scheduler's loop waits
log = logging.getLogger(__name__)


@hookimpl
def on_task_instance_failed(previous_state: Any, task_instance: Any, error: Any) -> None:
    """Note why a task's pod has ended, in the transaction that fails the task."""
    if not UNTOLD.search(str(error)):
        return
    from airflow.models.log import Log
    from sqlalchemy.orm import object_session

    try:
        reason = why(pod_of(task_instance))
    except Exception:
        log.exception("Kubernetes was not asked why %s ended", task_instance)
        return
    if session := object_session(task_instance):
        session.add(Log(event=EVENT, task_instance=task_instance.key, extra=reason))


def pod_of(task: Any) -> Any:
    """Return the V1Pod of a task's try; None where it is gone."""
    from airflow.providers.cncf.kubernetes.kube_client import get_kube_client
    from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator

    selector = PodGenerator.build_selector_for_k8s_executor_pod(
        dag_id=task.dag_id,
        task_id=task.task_id,
        run_id=task.run_id,
        map_index=task.map_index,
        try_number=task.try_number,
    )
    found = get_kube_client().list_namespaced_pod(
        namespace=conf.get("kubernetes_executor", "namespace"),
        label_selector=selector,
        _request_timeout=SECONDS,
    )
    return found.items[-1] if found.items else None


def why(pod: Any) -> str:
    """Say in a sentence or two why a pod has ended, and what to do.

    Args:
        pod: a V1Pod; None where it is gone.
    """
    if pod is None:
        return (
            "The task's pod is gone before the task told of its end: its node was taken back, as "
            "Azure does with spot nodes, or somebody deleted the pod."
        )
    where = (
        "What it printed until then is in Log Analytics, table ContainerLogV2, pod "
        f"{pod.metadata.name}."
    )
    if pod.status.reason:
        said = pod.status.message or "no more is said"
        return f"Kubernetes ended the task's pod: {pod.status.reason} ({said.strip()}). {where}"
    for status in pod.status.container_statuses or ():
        ended = status.state.terminated
        if status.name == CONTAINER and ended:
            return f"{_of_container(pod, ended)} {where}"
    return f"The task's pod has failed, and Kubernetes gives no reason. {where}"


def _of_container(pod: Any, ended: Any) -> str:
    if ended.reason != "OOMKilled":
        return (
            f"The task's container ended with exit code {ended.exit_code} ({ended.reason}) before "
            "the task told of its end."
        )
    (container,) = (each for each in pod.spec.containers if each.name == CONTAINER)
    limit = (container.resources.limits or {}).get("memory", "its node")
    return (
        f"Out of memory: the task needed more than its limit of {limit}, and Kubernetes ended it "
        f"(OOMKilled, exit code {ended.exit_code}). Let it read less at a time, or give it more "
        "memory by executor_config."
    )


def last_lines(task: Any, try_number: int) -> list[str]:
    """Return what was noted of a try's pod, as lines of a task's log."""
    from airflow.models.log import Log
    from airflow.utils.session import create_session
    from sqlalchemy import select

    asked = {
        Log.event: EVENT,
        Log.dag_id: task.dag_id,
        Log.task_id: task.task_id,
        Log.run_id: task.run_id,
        Log.map_index: task.map_index,
        Log.try_number: try_number,
    }
    with create_session(scoped=False) as session:
        found = session.execute(
            select(Log.dttm, Log.extra).where(*(key == value for key, value in asked.items()))
        )
        return [
            json.dumps(
                {
                    "timestamp": when and when.isoformat(),
                    "level": "critical",
                    "event": said,
                    "logger": __name__,
                }
            )
            for when, said in found
        ]
