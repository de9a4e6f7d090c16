"""cert-manager through its real chart: what reaches the cluster."""

from typing import Any

import pytest

from conventions.service_accounts import CERTIFICATE_ACCOUNTS
from environments.model import Environment
from helm_values.charts import CERT_MANAGER
from helm_values.cluster.spread import NODE, ZONE
from helm_values.ingress.cert_manager import cert_manager_values
from tests.helm_values.rendering import named, render, unpacked, validate
from tools.rendered_chart import (
    Objects,
    containers,
    of_kind,
    refused_images,
    rights,
    twice,
    workload_pods,
)

PARTS = ["cert-manager", "cert-manager-webhook", "cert-manager-cainjector"]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """The objects of the release."""
    chart = unpacked(CERT_MANAGER, tmp_path_factory.mktemp("cert-manager"))
    return render(chart, CERT_MANAGER, cert_manager_values())


def pod_of(objects: Objects, part: str) -> Any:
    """Return the pod of a part."""
    return named(objects, "Deployment", part)["spec"]["template"]


def test_every_object_is_valid_for_the_cluster_s_version(
    rendered: Objects, dev: Environment
) -> None:
    validate(rendered, dev.kubernetes.version)


def test_azure_policy_lets_all_its_images_start(rendered: Objects) -> None:
    assert refused_images(rendered, CERT_MANAGER) == []


def test_nothing_is_made_twice(rendered: Objects) -> None:
    assert twice(rendered) == []


def test_its_pods_are_let_into_their_namespace(rendered: Objects) -> None:
    assert {name: rights(pod) for name, pod in workload_pods(rendered) if rights(pod)} == {}


def test_every_container_has_requests_and_a_limit_of_memory(rendered: Objects) -> None:
    without = [
        f"{name}: {container['name']}"
        for name, pod in workload_pods(rendered)
        for container in containers(pod)
        if "memory" not in container.get("resources", {}).get("limits", {})
        or "requests" not in container["resources"]
    ]

    assert without == []


@pytest.mark.parametrize("part", PARTS)
def test_a_part_survives_a_drained_node(rendered: Objects, part: str) -> None:
    budget = named(rendered, "PodDisruptionBudget", part)["spec"]

    assert named(rendered, "Deployment", part)["spec"]["replicas"] > 1
    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@pytest.mark.parametrize("part", PARTS)
def test_a_part_spreads_over_zones_and_nodes(rendered: Objects, part: str) -> None:
    pod = pod_of(rendered, part)
    rules = pod["spec"]["topologySpreadConstraints"]

    assert [rule["topologyKey"] for rule in rules] == [ZONE, NODE]
    assert all(
        rule["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        for rule in rules
    )


@pytest.mark.parametrize("part", PARTS)
def test_airflow_s_pods_do_not_push_a_part_off_a_full_node(rendered: Objects, part: str) -> None:
    assert pod_of(rendered, part)["spec"]["priorityClassName"] == "system-cluster-critical"


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("direction", ["Ingress", "Egress"])
def test_a_part_is_closed_to_what_it_does_not_serve_or_need(
    rendered: Objects, part: str, direction: str
) -> None:
    labels = pod_of(rendered, part)["metadata"]["labels"]
    closed = [
        policy["spec"]
        for policy in of_kind(rendered, "NetworkPolicy")
        if policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        and direction in policy["spec"]["policyTypes"]
    ]

    assert [rule["ports"] != [] for spec in closed for rule in spec[direction.lower()]] == [True]


def test_the_custom_resources_are_installed_and_outlive_the_release(rendered: Objects) -> None:
    definitions = of_kind(rendered, "CustomResourceDefinition")
    policies = [d["metadata"]["annotations"]["helm.sh/resource-policy"] for d in definitions]

    assert {d["spec"]["names"]["kind"] for d in definitions} >= {"Certificate", "ClusterIssuer"}
    assert set(policies) == {"keep"}


def test_its_controller_signs_in_to_azure_by_workload_identity(rendered: Objects) -> None:
    namespace, account = CERTIFICATE_ACCOUNTS["letsencrypt"]
    pod = pod_of(rendered, "cert-manager")
    labels = named(rendered, "ServiceAccount", account)["metadata"]["labels"]

    assert namespace == CERT_MANAGER.namespace
    assert pod["spec"]["serviceAccountName"] == account
    assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert labels["azure.workload.identity/use"] == "true"
