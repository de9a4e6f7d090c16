"""Which secrets each component reads, and that no value is one."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from conventions.components import SCHEDULER, TRIGGERER, Component
from environments.model import Environment
from helm_values.airflow.release import airflow_values
from helm_values.airflow.secrets import secret_provider_classes
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values
from tools.rendered_chart import Objects, loaded

# keys of the chart that take a secret itself
PLAIN = {
    "apiSecretKey",
    "brokerUrl",
    "extraSecrets",
    "fernetKey",
    "jwtSecret",
    "metadataConnection",
    "password",
    "resultBackendConnection",
    "webserverSecretKey",
}


def names(env: list[dict[str, Any]]) -> list[str]:
    return [variable["name"] for variable in env]


def classes(env: Environment, infra: Infrastructure) -> dict[str, Any]:
    return {
        found["metadata"]["name"]: found["spec"] for found in secret_provider_classes(env, infra)
    }


@pytest.fixture(scope="module")
def text(values: Values) -> str:
    """The values of each environment in turn, as YAML."""
    return yaml.safe_dump(values, width=10_000)


def test_no_key_of_the_chart_for_a_plain_secret_is_used(text: str) -> None:
    keys = set(re.findall(r"^ *-? *([A-Za-z]+):", text, re.MULTILINE))

    assert keys.isdisjoint(PLAIN)


def test_no_text_among_the_values_looks_random(text: str) -> None:
    words = re.findall(r"[A-Za-z0-9+/=]{28,}", re.sub("sha256:[0-9a-f]{64}", "", text))  # of images

    assert [word for word in words if re.search("[0-9]", word)] == []


def test_no_address_among_the_values_holds_a_password(text: str) -> None:
    passwords = re.findall(r"://[^/\s:@]*:([^@\s]+)@", text)

    assert set(passwords) <= {"$(AIRFLOW_REDIS_PASSWORD)"}  # Kubernetes puts it in


def test_the_chart_reads_the_secrets_by_the_names_that_the_driver_gives_them(
    values_of_dev: Values, dev: Environment, infra: Infrastructure
) -> None:
    made = {
        (made["secretName"], data["key"])
        for spec in classes(dev, infra).values()
        for made in spec["secretObjects"]
        for data in made["data"]
    }

    assert made == {
        (values_of_dev["fernetKeySecretName"], "fernet-key"),
        (values_of_dev["jwtSecretName"], "jwt-secret"),
        (values_of_dev["apiSecretKeySecretName"], "api-secret-key"),
    }


def test_a_secret_has_the_same_name_in_key_vault(
    celery: Environment, infra: Infrastructure
) -> None:
    for spec in classes(celery, infra).values():
        in_vault = [
            loaded(text)["objectName"] for text in loaded(spec["parameters"]["objects"])["array"]
        ]
        assert in_vault == [made["secretName"] for made in spec["secretObjects"]]


@pytest.mark.parametrize("component", [SCHEDULER, TRIGGERER], ids=lambda component: component.name)
def test_each_class_asks_key_vault_as_its_component(
    dev: Environment, infra: Infrastructure, component: Component
) -> None:
    parameters = classes(dev, infra)[f"airflow-{component.label}"]["parameters"]

    assert parameters["clientID"] == infra.identities[component].client_id
    assert parameters["tenantId"] == dev.tenant_id


@pytest.mark.parametrize("component", ["apiServer", "scheduler", "dagProcessor", "triggerer"])
def test_whoever_reads_a_secret_mounts_the_class_that_makes_it(
    values_of_dev: Values, dev: Environment, infra: Infrastructure, component: str
) -> None:
    volumes = values_of_dev[component]["extraVolumes"]
    (mounted,) = [volume["csi"]["volumeAttributes"] for volume in volumes if "csi" in volume]
    made = classes(dev, infra)[mounted["secretProviderClass"]]["secretObjects"]
    read = {
        variable["valueFrom"]["secretKeyRef"]["name"]
        for variable in values_of_dev[component]["env"]
        if "valueFrom" in variable
    }

    assert read <= {secret["secretName"] for secret in made}


def test_a_task_s_pod_holds_no_secret_of_the_platform(values_of_dev: Values) -> None:
    builtin = values_of_dev["enableBuiltInSecretEnvVars"]

    assert not any(builtin.values())
    assert not any(
        "valueFrom" in variable for variable in values_of_dev["workers"]["kubernetes"]["env"]
    )


def test_a_celery_worker_has_the_key_of_its_logs_but_not_the_fernet_key(
    values_of_celery: Values,
) -> None:
    env = names(values_of_celery["workers"]["celery"]["env"])

    assert "AIRFLOW__API__SECRET_KEY" in env
    assert "AIRFLOW__CORE__FERNET_KEY" not in env


def test_a_client_secret_is_a_file_of_the_api_server_and_never_a_value(
    build: Any, infra: Infrastructure
) -> None:
    env = build("dev", single_sign_on={"client_secret": "entra-client-secret"})
    variables = {v["name"]: v.get("value") for v in airflow_values(env, infra)["apiServer"]["env"]}
    mounting = [
        name
        for name, spec in classes(env, infra).items()
        if "entra-client-secret" in spec["parameters"]["objects"]
    ]

    assert variables["ENTRA_CLIENT_SECRET_FILE"] == "/mnt/secrets/entra-client-secret"
    assert mounting == ["airflow-api-server"]


def test_the_api_server_and_the_triggerer_alone_ask_the_vaults_of_dags(
    render: Callable[[Values], Objects], values: Values
) -> None:
    asking = {
        f"{found['kind']} {found['metadata']['name']}"
        for found in render(values)
        if re.search(r"AIRFLOW__SECRETS__BACKEND|KeyVaultSecrets", json.dumps(found))
    }

    assert asking <= {
        "Deployment airflow-api-server",
        "Deployment airflow-triggerer",
        "StatefulSet airflow-triggerer",
    }
    assert len(asking) == 2


def test_no_vault_stands_in_the_configuration_that_all_components_share(values: Values) -> None:
    assert "secrets" not in values["config"]
    assert values["config"]["workers"]["secrets_backend"].endswith(".TaskSecrets")


def test_a_team_s_own_vault_is_asked_for_what_bears_its_name(values_of_dev: Values) -> None:
    variables = {v["name"]: v.get("value") for v in values_of_dev["apiServer"]["env"]}

    assert json.loads(variables["AIRFLOW__SECRETS__BACKEND_KWARGS"]) == {
        "vaults": {
            "": "https://kvdsairflowdev.vault.azure.net/",
            "sales-data": "https://kvteairflowdev.vault.azure.net/",
        }
    }
