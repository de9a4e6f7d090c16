"""What the values of the ingress controller and of Airflow's Ingress say."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from helm_values.ingress.controller import nginx_values
from helm_values.ingress.host import SECURITY_HEADERS, ingress_values
from helm_values.ingress.nginx_config import config_map

KNOWN = json.loads((Path(__file__).parent / "known_keys.json").read_text())
CONFIG_MAP = config_map(max_body_mib=16)
AZURE = "service.beta.kubernetes.io/azure-"


def values(*, internal: bool = True, replicas: int = 2) -> dict[str, Any]:
    return nginx_values(internal=internal, replicas=replicas, max_body_mib=16)


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in tree.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and path not in KNOWN["values"]:
            yield from leaves(value, f"{path}.")
        else:
            yield path


def annotations() -> dict[str, str]:
    ingress = ingress_values(host="airflow.example.com", tls_secret="airflow-tls")
    found: dict[str, str] = ingress["apiServer"]["annotations"]
    return found


def test_the_chart_knows_every_value() -> None:
    assert set(leaves(values())) <= set(KNOWN["values"])


def test_the_controller_knows_every_config_map_key() -> None:
    assert set(CONFIG_MAP) <= set(KNOWN["config_map"])


def test_the_controller_knows_every_annotation() -> None:
    assert set(annotations()) <= set(KNOWN["annotations"])


def test_config_map_entries_and_annotations_are_texts() -> None:
    assert all(isinstance(value, str) for value in {**CONFIG_MAP, **annotations()}.values())


def test_a_security_header_has_no_sign_that_ends_it_in_the_annotation() -> None:
    # The controller splits the annotation at commas and each entry at colons, and refuses `$`.
    assert not any(sign in value for value in SECURITY_HEADERS.values() for sign in ',:$"\\')


def test_security_headers_are_not_where_hsts_would_drop_them() -> None:
    assert "add-header" not in CONFIG_MAP


def test_the_log_format_survives_the_quotes_of_the_template() -> None:
    assert "'" not in CONFIG_MAP["log-format"]


def test_a_public_load_balancer_is_not_internal() -> None:
    service = values(internal=False)["controller"]["service"]

    assert f"{AZURE}load-balancer-internal" not in service["annotations"]


def test_a_public_load_balancer_takes_the_address_that_is_given() -> None:
    address = (
        "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-edge"
        "/providers/Microsoft.Network/publicIPAddresses/pip-airflow"
    )

    made = nginx_values(internal=False, replicas=2, max_body_mib=16, public_ip_id=address)

    annotations = made["controller"]["service"]["annotations"]
    assert annotations[f"{AZURE}pip-name"] == "pip-airflow"
    assert annotations[f"{AZURE}load-balancer-resource-group"] == "rg-edge"


def test_an_internal_load_balancer_has_a_private_address() -> None:
    service = values()["controller"]["service"]

    assert service["annotations"][f"{AZURE}load-balancer-internal"] == "true"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("service.externalTrafficPolicy", "Local"),
        ("readOnlyRootFilesystem", True),
        ("podSecurityContext.runAsNonRoot", True),
        ("podSecurityContext.seccompProfile.type", "RuntimeDefault"),
        ("initContainerSecurityContext.allowPrivilegeEscalation", False),
        ("podDisruptionBudget.maxUnavailable", 1),
        ("priorityClassName", "system-cluster-critical"),
        ("enableSnippets", False),
        ("telemetryReporting.enable", False),
    ],
)
def test_a_secure_choice_is_the_default(path: str, expected: object) -> None:
    value: Any = values()["controller"]
    for name in path.split("."):
        value = value[name]

    assert value == expected


def test_the_charts_hardened_container_context_is_not_switched_off() -> None:
    assert "securityContext" not in values()["controller"]


def test_the_autoscaler_may_add_controllers() -> None:
    autoscaling = values(replicas=3)["controller"]["autoscaling"]

    assert (autoscaling["minReplicas"], autoscaling["maxReplicas"]) == (3, 7)


def test_a_host_without_a_secret_takes_the_controller_s_own_certificate() -> None:
    values = ingress_values(host="airflow.example.com", tls_secret=None)

    (host,) = values["apiServer"]["hosts"]
    assert host["tls"] == {"enabled": True}


def test_the_largest_request_is_the_file_s() -> None:
    assert config_map(max_body_mib=64)["client-max-body-size"] == "64m"


def test_the_load_balancer_keeps_the_address_of_the_file() -> None:
    found = nginx_values(internal=True, replicas=2, max_body_mib=16, address="10.40.15.254")

    annotations = found["controller"]["service"]["annotations"]
    assert annotations[f"{AZURE}load-balancer-ipv4"] == "10.40.15.254"
