"""The image on every node of tasks, and room that is kept for them.

That a task takes the place of a sleeping pod is Kubernetes' own doing, and seen on a cluster alone.
"""

from collections.abc import Callable
from typing import Any

import pytest

from environments.model import Environment
from environments.notes import notes
from helm_values.airflow.migrations import migration_objects
from helm_values.airflow.release import airflow_values
from helm_values.airflow.warm_nodes import warm_nodes
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values
from helm_values.prerequisites import prerequisites
from tools.network_flows import Pod, passes
from tools.rendered_chart import Objects, of_kind

Build = Callable[..., Environment]


def found(objects: list[Values], kind: str) -> Any:
    """Return the one object of a kind."""
    (one,) = of_kind(objects, kind)
    return one


def pod(objects: list[Values], kind: str) -> Any:
    return found(objects, kind)["spec"]["template"]["spec"]


@pytest.fixture
def room(build: Build, infra: Infrastructure) -> list[Values]:
    env = build("dev", airflow={"warm_tasks": 3, "resources": {"worker": {"cpu": 1.5}}})
    return warm_nodes(env, infra)


def test_no_room_is_kept_unless_the_environment_asks_for_it(
    dev: Environment, infra: Infrastructure
) -> None:
    assert of_kind(warm_nodes(dev, infra), "Deployment") == []


def test_room_is_that_of_so_many_tasks(room: list[Values]) -> None:
    (container,) = pod(room, "Deployment")["containers"]

    assert found(room, "Deployment")["spec"]["replicas"] == 3
    assert container["resources"]["requests"] == {"cpu": "1500m", "memory": "1Gi"}


def test_whoever_names_no_priority_takes_the_room_and_the_autoscaler_makes_more(
    room: list[Values], dev: Environment, infra: Infrastructure, render: Callable[[Values], Objects]
) -> None:
    classes = of_kind([*room, *render(airflow_values(dev, infra))], "PriorityClass")
    values = {one["metadata"]["name"]: one["value"] for one in classes}
    never = {one["metadata"]["name"] for one in classes if one.get("preemptionPolicy") == "Never"}

    assert -10 <= values["airflow-room"] < values["airflow-task"] == 0
    assert never == {"airflow-room"}


@pytest.mark.parametrize("kind", ["DaemonSet", "Deployment"])
def test_a_sleeping_pod_runs_the_image_of_tasks_on_their_nodes(
    room: list[Values], values_of_dev: Values, kind: str
) -> None:
    spec = pod(room, kind)
    (container,) = spec["containers"]
    repository, tag = values_of_dev["defaultAirflowRepository"], values_of_dev["defaultAirflowTag"]

    assert container["image"] == f"{repository}:{tag}"
    assert spec["affinity"] == values_of_dev["workers"]["kubernetes"]["affinity"]
    assert spec["tolerations"] == values_of_dev["workers"]["kubernetes"]["tolerations"]


@pytest.mark.parametrize(
    ("kind", "strategy"), [("DaemonSet", "updateStrategy"), ("Deployment", "strategy")]
)
def test_a_sleeping_pod_holds_up_no_deployment(
    room: list[Values], kind: str, strategy: str
) -> None:
    bounds = found(room, kind)["spec"][strategy]["rollingUpdate"]

    assert bounds["maxUnavailable"] == "100%"


def test_a_new_image_is_fetched_before_the_database_is_migrated(
    dev: Environment, infra: Infrastructure
) -> None:
    image = pod(migration_objects(dev, infra), "Job")["containers"][0]["image"]

    (container,) = pod(prerequisites(dev, infra), "DaemonSet")["containers"]

    assert container["image"] == image


def test_a_sleeping_pod_reaches_nobody(dev: Environment, infra: Infrastructure) -> None:
    policies = of_kind(prerequisites(dev, infra), "NetworkPolicy")
    asleep = Pod("airflow", {"component": "airflow-image"})

    assert not passes(policies, asleep, Pod("kube-system", {"k8s-app": "kube-dns"}), 53)
    assert not passes(policies, asleep, "20.190.128.1", 443)


def test_a_synth_says_how_many_nodes_the_room_takes(build: Build) -> None:
    env = build("dev", airflow={"warm_tasks": 12})

    (note,) = notes(env)

    assert "keeps the room of 2 nodes" in note
