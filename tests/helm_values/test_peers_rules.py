"""checkov's rules for Kubernetes over every rendered object: no finding without a reason."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from environments.model import Environment
from helm_values.airflow.release import airflow_values
from helm_values.charts import CERT_MANAGER, NGINX
from helm_values.infrastructure import Infrastructure
from helm_values.ingress.cert_manager import cert_manager_values
from helm_values.ingress.controller import ingress_controller_values
from helm_values.merge import Values
from helm_values.prerequisites import prerequisites
from tests.helm_values.rendering import named, unpacked
from tests.helm_values.rendering import render as render_chart
from tools.locked_venv import locked_venv
from tools.policy.checkov import LOCK
from tools.rendered_chart import Objects, loaded

ROOT = Path(__file__).resolve().parents[2]
AIRFLOW = {
    "airflow-api-server",
    "airflow-dag-processor",
    "airflow-image",  # asleep, with no port
    "airflow-room",
    "airflow-redis",
    "airflow-scheduler",
    "airflow-statsd",
    "airflow-triggerer",
    "airflow-worker-celery",
    "placeholder-name",  # the pod of a task
}
NGINX_PODS = {"nginx-ingress-controller"}
CERT_MANAGER_PODS = {
    "cert-manager",
    "cert-manager-cainjector",
    "cert-manager-startupapicheck",
    "cert-manager-webhook",
}
WITHOUT_PORT = {
    "airflow-dag-processor",
    "airflow-image",
    "airflow-redis",
    "airflow-room",
    "airflow-scheduler",
    "airflow-triggerer",
}
# What stays; docs/reference/chart-values.md says why.
EXCEPTIONS = {
    "CKV_K8S_8": WITHOUT_PORT
    | {"airflow-worker-celery", "placeholder-name", "cert-manager-cainjector"}
    | NGINX_PODS,
    "CKV_K8S_9": WITHOUT_PORT
    | {"airflow-worker-celery", "placeholder-name", "cert-manager", "cert-manager-cainjector"},
    "CKV_K8S_11": CERT_MANAGER_PODS | NGINX_PODS,
    "CKV_K8S_15": AIRFLOW | CERT_MANAGER_PODS | NGINX_PODS,
    "CKV_K8S_22": {"airflow-worker-celery", "placeholder-name"},
    "CKV_K8S_25": NGINX_PODS,
    "CKV_K8S_35": {
        "airflow-api-server",
        "airflow-dag-processor",
        "airflow-redis",
        "airflow-scheduler",
        "airflow-triggerer",
        "airflow-worker-celery",
    },
    "CKV_K8S_38": AIRFLOW | CERT_MANAGER_PODS | NGINX_PODS,
    "CKV_K8S_40": {"airflow-redis"} | CERT_MANAGER_PODS | NGINX_PODS,
    "CKV_K8S_43": AIRFLOW | CERT_MANAGER_PODS | NGINX_PODS,
    "CKV_K8S_155": {"cert-manager-cainjector"},
}
# The Airflow chart's objects name no namespace, and checkov takes that for `default`.
NOT_JUDGED = "CKV_K8S_21"


@pytest.fixture(scope="module")
def findings(
    tmp_path_factory: pytest.TempPathFactory,
    environments: dict[str, Environment],
    infra: Infrastructure,
    render: Callable[[Values], Objects],
) -> set[tuple[str, str]]:
    """Rule and name of each object that breaks one, in any kind of environment."""
    folder = tmp_path_factory.mktemp("manifests")
    for kind, objects in manifests(environments, infra, render, tmp_path_factory).items():
        (folder / f"{kind}.yaml").write_text(yaml.safe_dump_all(objects))
    checkov = locked_venv("checkov", LOCK, sys.executable) / "bin" / "checkov"
    command = [str(checkov), "--directory", str(folder), "--framework", "kubernetes"]
    done = subprocess.run(
        [*command, "--skip-download", "--compact", "--output", "json", "--skip-check", NOT_JUDGED],
        capture_output=True,
        text=True,
        check=False,
    )
    failed = json.loads(done.stdout)["results"]["failed_checks"]
    return {(result["check_id"], result["resource"].split(".")[2]) for result in failed}


def manifests(
    environments: dict[str, Environment],
    infra: Infrastructure,
    render_airflow: Callable[[Values], Objects],
    folders: pytest.TempPathFactory,
) -> dict[str, Objects]:
    """Return what the releases of differing environments make, and the pod of a task."""
    found: dict[str, Objects] = {}
    for kind in ("dev", "prod", "celery", "both", "git and scratch", "settings"):
        env = environments[kind]
        found[kind] = [*render_airflow(airflow_values(env, infra)), *prerequisites(env, infra)]
    config = named(found["dev"], "ConfigMap", "airflow-config")["data"]
    found["task"] = [loaded(config["pod_template_file.yaml"])]
    nginx = unpacked(NGINX, folders.mktemp("nginx"))
    for kind in ("prod", "image and key_vault"):
        values = ingress_controller_values(environments[kind])
        found[f"nginx-{kind}"] = render_chart(nginx, NGINX, values)
    cert_manager = unpacked(CERT_MANAGER, folders.mktemp("cert-manager"))
    found["cert-manager"] = render_chart(cert_manager, CERT_MANAGER, cert_manager_values())
    return found


def test_no_rule_is_broken_without_a_reason(findings: set[tuple[str, str]]) -> None:
    excused = {(rule, name) for rule, names in EXCEPTIONS.items() for name in names}

    assert findings - excused == set()


def test_no_reason_outlives_its_finding(findings: set[tuple[str, str]]) -> None:
    assert {rule for rule, _ in findings} == set(EXCEPTIONS)


@pytest.mark.parametrize("rule", [*EXCEPTIONS, NOT_JUDGED])
def test_the_reference_says_why_a_finding_stays(rule: str) -> None:
    page = (ROOT / "docs" / "reference" / "chart-values.md").read_text()

    assert f"{rule} " in page or f"{rule}," in page
