"""The certificate of Airflow's host, from Let's Encrypt or from Key Vault."""

from typing import Any

import pytest
import yaml

from helm_values.airflow.sign_in import sign_in_values
from helm_values.ingress.cert_manager import (
    cert_manager_values,
    certificate,
    cluster_issuer,
    key_vault_certificate,
)

ISSUER: Any = {
    "email": "data@example.com",
    "zone_name": "data.example.com",
    "zone_resource_group": "rg-dns",
    "subscription_id": "00000000-0000-0000-0000-000000000001",
    "identity_client_id": "00000000-0000-0000-0000-000000000002",
}
VAULT = {
    "namespace": "airflow",
    "tls_secret": "airflow-tls",
    "vault_name": "kv-airflow",
    "certificate_name": "airflow-example-com",
    "tenant_id": "00000000-0000-0000-0000-000000000003",
    "client_id": "00000000-0000-0000-0000-000000000004",
}


def test_the_controllers_pods_and_account_take_part_in_workload_identity() -> None:
    values = cert_manager_values()

    label = {"azure.workload.identity/use": "true"}
    assert values["podLabels"] == values["serviceAccount"]["labels"] == label


@pytest.mark.parametrize("part", ["webhook", "cainjector"])
def test_every_part_of_cert_manager_survives_a_drained_node(part: str) -> None:
    values = cert_manager_values()

    assert values["replicaCount"] == values[part]["replicaCount"] == 2
    assert values[part]["podDisruptionBudget"]["enabled"]


def test_airflow_s_pods_do_not_push_cert_manager_off_a_full_node() -> None:
    assert cert_manager_values()["global"]["priorityClassName"] == "system-cluster-critical"


def test_the_custom_resources_outlive_the_release() -> None:
    assert cert_manager_values()["crds"] == {"enabled": True, "keep": True}


def test_the_issuer_proves_the_domain_in_azure_dns_without_a_secret() -> None:
    (solver,) = cluster_issuer(**ISSUER)["spec"]["acme"]["solvers"]

    azure_dns = solver["dns01"]["azureDNS"]
    assert azure_dns["managedIdentity"] == {"clientID": ISSUER["identity_client_id"]}
    assert not any("ecret" in name for name in azure_dns)


def test_the_certificates_key_is_new_at_each_renewal() -> None:
    spec = certificate(host="airflow.example.com", namespace="airflow", tls_secret="t")["spec"]

    assert spec["privateKey"]["rotationPolicy"] == "Always"


def vault_object(provider_class: dict[str, Any]) -> dict[str, str]:
    (text,) = yaml.safe_load(provider_class["spec"]["parameters"]["objects"])["array"]
    found: dict[str, str] = yaml.safe_load(text)
    return found


def test_a_vault_certificate_is_read_as_a_secret_to_have_its_key() -> None:
    assert vault_object(key_vault_certificate(**VAULT))["objectType"] == "secret"


def test_the_tls_secret_is_made_of_the_mounted_file() -> None:
    provider_class = key_vault_certificate(**VAULT)

    (secret,) = provider_class["spec"]["secretObjects"]
    names = {item["objectName"] for item in secret["data"]}
    assert names == {vault_object(provider_class)["objectAlias"]}
    assert {item["key"] for item in secret["data"]} == {"tls.crt", "tls.key"}


def test_no_user_with_a_password_is_made() -> None:
    values = sign_in_values(
        session_minutes=480,
        host="a.example.com",
        tenant_id="t",
        client_id="c",
        support_contact="a@example.com",
    )

    assert values["createUserJob"]["enabled"] is False


def test_other_name_servers_alone_are_asked_for_the_record() -> None:
    values = cert_manager_values(name_servers=["1.1.1.1:53", "9.9.9.9:53"])

    assert values["dns01RecursiveNameservers"] == "1.1.1.1:53,9.9.9.9:53"
    assert values["dns01RecursiveNameserversOnly"] is True
