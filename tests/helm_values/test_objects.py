"""The objects beside the charts, and the local chart that installs them."""

from pathlib import Path
from typing import Any

import pytest

from conventions.components import LONG_RUNNING
from conventions.service_accounts import (
    AIRFLOW_NAMESPACE,
    CERT_MANAGER_NAMESPACE,
    INGRESS_NAMESPACE,
    MIGRATIONS_NAMESPACE,
    TASKS_NAMESPACE,
)
from environments.model import Environment
from helm_values.airflow.executor import worker_scaling
from helm_values.infrastructure import Infrastructure
from helm_values.ingress.certificate import certificate_request, nginx_certificate_values
from helm_values.merge import Values
from helm_values.prerequisites import prerequisites
from tests.helm_values.rendering import validate
from tools.rendered_chart import objects_in

CHART = Path(__file__).resolve().parents[2] / "helm_values" / "objects_chart"


@pytest.fixture(scope="module")
def helm() -> Any:
    return pytest.importorskip("helm_python", reason="Helm's library has no wheel for here")


@pytest.fixture(scope="module")
def objects(environment: Environment, infra: Infrastructure) -> list[Values]:
    """All objects of each environment in turn."""
    return [
        *prerequisites(environment, infra),
        *certificate_request(environment, infra),
        *worker_scaling(environment, infra),
    ]


def policy(
    env: Environment, infra: Infrastructure, name: str, namespace: str = AIRFLOW_NAMESPACE
) -> Any:
    place = {"name": name, "namespace": namespace}
    (found,) = [
        o["spec"]
        for o in prerequisites(env, infra)
        if (o["kind"], o["metadata"]) == ("NetworkPolicy", place)
    ]
    return found


def blocks(spec: Any) -> set[str]:
    """Return the address ranges that a policy lets pods reach."""
    return {
        peer["ipBlock"]["cidr"]
        for rule in spec["egress"]
        for peer in rule["to"]
        if "ipBlock" in peer
    }


def test_helm_installs_exactly_the_objects_that_are_given(helm: Any, objects: Any) -> None:
    with helm.Chart.load(CHART) as chart:
        (text,) = chart.render({"objects": objects}, name="prerequisites").values()

    assert objects_in(text) == objects


def test_helm_finds_no_fault_in_the_local_chart(helm: Any) -> None:
    report = helm.lint(CHART, {"objects": []}, strict=True)

    assert [m["error"] for m in report["messages"] if m["severity"] > 1] == []


def test_the_local_chart_refuses_an_object_without_a_kind(helm: Any) -> None:
    with helm.Chart.load(CHART) as chart, pytest.raises(helm.HelmValuesError, match="kind"):
        chart.validate_schema({"objects": [{"apiVersion": "v1", "metadata": {"name": "x"}}]})


def test_every_object_of_kubernetes_itself_is_valid(
    objects: list[Values], environment: Environment
) -> None:
    own = [o for o in objects if o["apiVersion"].split("/")[0] in ("v1", "networking.k8s.io")]

    validate(own, environment.kubernetes.version)


@pytest.mark.parametrize("namespace", [AIRFLOW_NAMESPACE, INGRESS_NAMESPACE])
def test_nothing_is_allowed_in_a_namespace_by_default(
    dev: Environment, infra: Infrastructure, namespace: str
) -> None:
    assert policy(dev, infra, "deny-all", namespace) == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }


def test_every_component_but_the_workers_reaches_the_database(
    dev: Environment, infra: Infrastructure
) -> None:
    spec = policy(dev, infra, "components")
    (rule,) = spec["podSelector"]["matchExpressions"]

    assert str(dev.network.postgres) in blocks(spec)
    assert set(rule["values"]) == {c.label for c in LONG_RUNNING}


@pytest.mark.parametrize("namespace", [AIRFLOW_NAMESPACE, TASKS_NAMESPACE])
def test_no_task_reaches_the_services_that_hand_out_the_node_s_identity(
    dev: Environment, infra: Infrastructure, namespace: str
) -> None:
    for rule in policy(dev, infra, "tasks", namespace)["egress"]:
        for peer in rule["to"]:
            if "ipBlock" in peer:
                assert "169.254.169.254/32" in peer["ipBlock"]["except"]


def test_components_reach_no_other_private_address(dev: Environment, infra: Infrastructure) -> None:
    spec = policy(dev, infra, "components")
    (public,) = [
        peer["ipBlock"]
        for rule in spec["egress"]
        for peer in rule["to"]
        if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"
    ]

    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} <= set(public["except"])


def levels(env: Environment, infra: Infrastructure) -> dict[str, str]:
    """Return the level of security that each namespace enforces."""
    return {
        o["metadata"]["name"]: o["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for o in prerequisites(env, infra)
        if o["kind"] == "Namespace"
    }


def test_every_namespace_refuses_pods_with_rights_they_do_not_need(
    dev: Environment, infra: Infrastructure
) -> None:
    assert levels(dev, infra) == dict.fromkeys(
        (
            AIRFLOW_NAMESPACE,
            INGRESS_NAMESPACE,
            CERT_MANAGER_NAMESPACE,
            MIGRATIONS_NAMESPACE,
            TASKS_NAMESPACE,
        ),
        "restricted",
    )


def test_without_cert_manager_there_is_no_namespace_for_it(
    environments: Any, infra: Infrastructure
) -> None:
    assert CERT_MANAGER_NAMESPACE not in levels(environments["image and key_vault"], infra)


def test_users_reach_the_controller_from_anywhere_on_the_web_s_ports_alone(
    dev: Environment, infra: Infrastructure
) -> None:
    users, _ = policy(dev, infra, "controller", INGRESS_NAMESPACE)["ingress"]

    assert users == {"ports": [{"protocol": "TCP", "port": 80}, {"protocol": "TCP", "port": 443}]}


def test_the_controller_reaches_the_dns_the_cluster_s_api_and_airflow(
    dev: Environment, infra: Infrastructure
) -> None:
    spec = policy(dev, infra, "controller", INGRESS_NAMESPACE)
    ways = [
        (next(iter(rule["to"][0])), [port["port"] for port in rule["ports"]])
        for rule in spec["egress"]
    ]

    assert ways == [
        ("namespaceSelector", [53, 53]),
        ("ipBlock", [443]),
        ("namespaceSelector", [8080]),
    ]
    assert blocks(spec) == {str(dev.network.aks_api_server)}


def test_a_certificate_of_key_vault_is_mounted_where_tls_ends(
    environments: Any, infra: Infrastructure
) -> None:
    env = environments["image and key_vault"]
    controller = nginx_certificate_values(env)["controller"]
    (volume,) = controller["volumes"]
    wanted = volume["csi"]["volumeAttributes"]["secretProviderClass"]
    (found,) = [o for o in prerequisites(env, infra) if o["metadata"]["name"] == wanted]

    assert found["metadata"]["namespace"] == "ingress-nginx"
    assert found["spec"]["parameters"]["clientID"] == infra.certificate_client_id
    assert controller["wildcardTLS"]["secret"] == (
        f"ingress-nginx/{found['spec']['secretObjects'][0]['secretName']}"
    )


def test_lets_encrypt_proves_the_host_in_the_environment_s_zone(
    dev: Environment, infra: Infrastructure
) -> None:
    issuer, *_ = certificate_request(dev, infra)
    (solver,) = issuer["spec"]["acme"]["solvers"]

    assert solver["dns01"]["azureDNS"] == {
        "hostedZoneName": "dev.example.com",
        "resourceGroupName": "rg-dns",
        "subscriptionID": "11111111-1111-4111-8111-111111111111",
        "environment": "AzurePublicCloud",
        "managedIdentity": {"clientID": infra.certificate_client_id},
    }


def test_the_certificate_is_for_the_ingress_s_host_and_secret(
    dev: Environment, infra: Infrastructure, values_of_dev: Values
) -> None:
    _, certificate, _ = certificate_request(dev, infra)
    (host,) = values_of_dev["ingress"]["apiServer"]["hosts"]

    assert certificate["spec"]["dnsNames"] == [host["name"]]
    assert certificate["spec"]["secretName"] == host["tls"]["secretName"]
