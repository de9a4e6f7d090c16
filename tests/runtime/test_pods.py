"""Pods of KubernetesPodOperator, built by the real operator, are ones that "restricted" lets in."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.airflow_home import AirflowHome, Conversation

BUILDS = """
from airflow.providers.cncf.kubernetes.operators import pod as operator
from kubernetes.client import ApiClient

def build(**arguments):
    task = operator.KubernetesPodOperator(task_id="a", image="r.azurecr.io/tool:1", **arguments)
    # a run's context brings the labels that tell the operator's pods from a worker's
    task._get_ti_pod_labels = lambda context: {"kubernetes_pod_operator": "True"}
    pod = task.build_pod_request_obj(dry_run=True)
    return ApiClient().sanitize_for_serialization(pod)

def build_without_the_hook():
    hook, operator.pod_mutation_hook = operator.pod_mutation_hook, lambda pod: None
    try:
        return build()
    finally:
        operator.pod_mutation_hook = hook
"""


@pytest.fixture(scope="module")
def image(airflow: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversation]:
    """Airflow with the image's local settings and the chart's image settings."""
    home = AirflowHome(airflow, tmp_path_factory.mktemp("pods"))
    home.set("kubernetes_executor", worker_container_repository="r.azurecr.io/airflow")
    home.set("kubernetes_executor", worker_container_tag="3.3.2-0f1e2d3")
    connection = {"conn_type": "kubernetes", "extra": {"namespace": "airflow-tasks"}}
    home.environment["AIRFLOW_CONN_KUBERNETES_DEFAULT"] = json.dumps(connection)
    with home.conversation(BUILDS) as conversation:
        yield conversation


def built(image: Conversation, **arguments: Any) -> Any:
    return image.eval(f"build(**{arguments!r})")


def broken_rules(pod: Any) -> list[str]:
    """Return what the page "Pod Security Standards" forbids under Restricted."""
    spec = pod["spec"]
    whole = spec.get("securityContext", {})
    found = [key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    kinds = {"configMap", "csi", "emptyDir", "projected", "secret", "persistentVolumeClaim"}
    found += [v["name"] for v in spec.get("volumes", ()) if not kinds & set(v)]
    for container in spec["containers"]:
        own = container.get("securityContext", {})
        said = {**whole, **own}
        rules = {
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "capabilities": own.get("capabilities", {}).get("drop") == ["ALL"],
            "runAsNonRoot": said.get("runAsNonRoot") is True,
            "runAsUser": said.get("runAsUser") != 0,
            "seccompProfile": said.get("seccompProfile", {}).get("type") == "RuntimeDefault",
            "privileged": not own.get("privileged"),
        }
        found += [f"{container['name']}: {rule}" for rule, kept in rules.items() if not kept]
    return found


def test_a_plain_pod_breaks_no_rule(image: Conversation) -> None:
    assert broken_rules(built(image)) == []


def test_a_pod_with_an_xcom_breaks_no_rule(image: Conversation) -> None:
    pod = built(image, do_xcom_push=True)

    assert [container["name"] for container in pod["spec"]["containers"]][1:] == [
        "airflow-xcom-sidecar"
    ]
    assert broken_rules(pod) == []


def test_the_sidecar_comes_from_the_platform_s_registry(image: Conversation) -> None:
    _, sidecar = built(image, do_xcom_push=True)["spec"]["containers"]

    assert sidecar["image"] == "r.azurecr.io/airflow:3.3.2-0f1e2d3"


def test_what_an_author_says_stays(image: Conversation) -> None:
    own = {"capabilities": {"add": ["NET_BIND_SERVICE"]}}

    pod = built(
        image,
        security_context={"runAsUser": 1000, "fsGroup": 7},
        container_security_context=own,
    )

    context = pod["spec"]["securityContext"]
    assert (context["runAsUser"], context["fsGroup"]) == (1000, 7)
    assert broken_rules(pod) == []


def test_without_the_hook_the_rules_are_broken(image: Conversation) -> None:
    pod = image.eval("build_without_the_hook()")

    assert [rule.split(": ")[1] for rule in broken_rules(pod)] == [
        "allowPrivilegeEscalation",
        "capabilities",
        "runAsNonRoot",
        "seccompProfile",
    ]
