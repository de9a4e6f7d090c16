"""The ingress controller through its real chart: what reaches the cluster."""

from pathlib import Path
from typing import Any

import pytest

from conventions.service_accounts import CERTIFICATE_ACCOUNTS
from environments.model import Environment
from helm_values.charts import NGINX
from helm_values.cluster.spread import NODE, ZONE
from helm_values.ingress.controller import ingress_controller_values
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

AZURE = "service.beta.kubernetes.io/azure-load-balancer-"


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart of the ingress controller, in the pinned version."""
    return unpacked(NGINX, tmp_path_factory.mktemp("nginx"))


@pytest.fixture(scope="module", params=["dev", "prod", "image and key_vault"])
def env(request: pytest.FixtureRequest, environments: dict[str, Environment]) -> Environment:
    """Environments whose controllers differ."""
    return environments[request.param]


@pytest.fixture(scope="module")
def rendered(chart: Path, env: Environment) -> Objects:
    """The objects of each environment in turn."""
    return render(chart, NGINX, ingress_controller_values(env))


@pytest.fixture(scope="module")
def dev_objects(chart: Path, dev: Environment) -> Objects:
    """The objects of `dev.toml`."""
    return render(chart, NGINX, ingress_controller_values(dev))


@pytest.fixture(scope="module")
def pod(dev_objects: Objects) -> Any:
    """The controller's pod."""
    ((_, found),) = workload_pods(dev_objects)
    return found


def service(objects: Objects) -> dict[str, Any]:
    """Return the load balancer of the controller."""
    return named(objects, "Service", "nginx-ingress-controller")


def arguments(pod: dict[str, Any]) -> dict[str, str]:
    """Return the arguments of the controller."""
    lines = pod["spec"]["containers"][0]["args"]
    return dict(line.lstrip("-").partition("=")[::2] for line in lines)


def test_every_object_is_valid_for_the_cluster_s_version(
    rendered: Objects, env: Environment
) -> None:
    validate(rendered, env.kubernetes.version)


def test_azure_policy_lets_all_its_images_start(rendered: Objects) -> None:
    assert refused_images(rendered, NGINX) == []


def test_nothing_is_made_twice(rendered: Objects) -> None:
    assert twice(rendered) == []


def test_its_pods_are_let_into_their_namespace(rendered: Objects) -> None:
    assert [rights(pod) for _, pod in workload_pods(rendered)] == [[]]


def test_its_root_file_system_is_read_only(pod: dict[str, Any]) -> None:
    assert all(c["securityContext"]["readOnlyRootFilesystem"] for c in containers(pod))


def test_a_node_is_drained_without_an_outage(dev_objects: Objects) -> None:
    (budget,) = of_kind(dev_objects, "PodDisruptionBudget")
    (scaler,) = of_kind(dev_objects, "HorizontalPodAutoscaler")

    assert budget["spec"]["maxUnavailable"] == 1
    assert scaler["spec"]["minReplicas"] > 1


def test_its_pods_spread_over_zones_and_nodes(pod: dict[str, Any]) -> None:
    rules = pod["spec"]["topologySpreadConstraints"]

    assert [rule["topologyKey"] for rule in rules] == [ZONE, NODE]
    assert all(
        rule["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        for rule in rules
    )


def test_airflow_s_pods_do_not_push_it_off_a_full_node(pod: dict[str, Any]) -> None:
    assert pod["spec"]["priorityClassName"] == "system-cluster-critical"


def test_users_keep_their_addresses(dev_objects: Objects) -> None:
    assert service(dev_objects)["spec"]["externalTrafficPolicy"] == "Local"


@pytest.mark.parametrize("internal", [True, False])
def test_the_load_balancer_is_where_the_environment_says(
    chart: Path, build: Any, internal: bool
) -> None:
    env = build("dev", ingress={"internal": internal})
    objects = render(chart, NGINX, ingress_controller_values(env))
    annotations = service(objects)["metadata"]["annotations"]

    assert annotations.get(f"{AZURE}internal") == ("true" if internal else None)


def test_it_runs_as_the_account_that_entra_trusts(pod: dict[str, Any]) -> None:
    assert (NGINX.namespace, pod["spec"]["serviceAccountName"]) == CERTIFICATE_ACCOUNTS["key_vault"]


def test_the_role_that_its_binding_names_is_ours(dev_objects: Objects) -> None:
    bindings = of_kind(dev_objects, "ClusterRoleBinding")

    assert [binding["roleRef"]["name"] for binding in bindings] == [NGINX.name]
    assert of_kind(dev_objects, "ClusterRole") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("enable-snippets", "false"),
        ("enable-custom-resources", "false"),
        ("enable-telemetry-reporting", "false"),
        ("ingress-class", "nginx"),
        ("watch-namespace", "airflow,ingress-nginx"),
    ],
)
def test_the_controller_is_told_what_the_values_say(
    pod: dict[str, Any], name: str, value: str
) -> None:
    assert arguments(pod)[name] == value


def test_a_certificate_of_key_vault_is_mounted_in_its_pods(
    chart: Path, environments: dict[str, Environment]
) -> None:
    objects = render(chart, NGINX, ingress_controller_values(environments["image and key_vault"]))
    ((_, pod),) = workload_pods(objects)
    mounted = [v["csi"]["volumeAttributes"] for v in pod["spec"]["volumes"] if "csi" in v]

    assert mounted == [{"secretProviderClass": "airflow-tls"}]
    assert arguments(pod)["wildcard-tls-secret"] == "ingress-nginx/airflow-tls"
