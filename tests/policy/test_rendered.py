"""Values of a company for Airflow's chart: what comes out is held to the platform's rules."""

import json
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import pytest

from helm_values.charts import AIRFLOW
from helm_values.merge import overlaid
from synthesis.resources import EnvironmentStacks
from tests.parts.skips import not_given
from tools.charts import find
from tools.policy import rules
from tools.policy.rules.rendered import RULES

OPEN_POLICY: list[dict[str, Any]] = [{"namespaceSelector": {}}]


@pytest.fixture(scope="module")
def problems(stacks: dict[str, Any]) -> Any:
    """Return what the rule says of further values of the chart."""
    pytest.importorskip("helm_python", reason="Helm's library has no wheel for here")
    if not find(AIRFLOW).is_file():
        not_given(f"the chart {find(AIRFLOW).name} is not here; `make charts` downloads it")
    airflow = stacks["airflow-dev"]

    def found(further: dict[str, Any]) -> str:
        changed = deepcopy(airflow)
        release = changed["resource"]["helm_release"]["airflow"]
        (text,) = release["values"]
        values = json.loads(text.replace("$${", "${").replace("%%{", "%{"))
        release["values"] = [json.dumps(overlaid(values, further))]
        results = rules.apply(EnvironmentStacks("dev", {"airflow": changed}), RULES)
        return "\n".join(str(result.problem) for result in results if result.failed)

    return found


HARMLESS: dict[str, Any] = {
    "scheduler": {
        "podAnnotations": {"example.com/a": "b"},
        "extraVolumes": [{"name": "more", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
    },
    "triggerer": {"livenessProbe": {"periodSeconds": 90}},
}


def test_values_that_harm_nobody_pass(problems: Any) -> None:
    assert problems(HARMLESS) == ""


HARMFUL: dict[str, tuple[dict[str, Any], str]] = {
    "a privileged container": (
        {"scheduler": {"securityContexts": {"container": {"privileged": True}}}},
        "allowPrivilegeEscalation",
    ),
    "a folder of the node": (
        {"workers": {"kubernetes": {"extraVolumes": [{"name": "x", "hostPath": {"path": "/"}}]}}},
        "pod of a task: volume hostPath",
    ),
    "another image": (
        {"images": {"airflow": {"repository": "docker.io/somebody/airflow"}}},
        "image docker.io/somebody/airflow",
    ),
    "rights on pods for all": ({"allowPodLaunching": True}, "pods/exec"),
    "rights in the whole cluster": ({"multiNamespaceMode": True}, "makes the ClusterRole"),
    "no network policies": ({"networkPolicies": {"enabled": False}}, "no NetworkPolicy"),
    "an API server open to all": (
        {"apiServer": {"networkPolicy": {"ingress": {"from": OPEN_POLICY}}}},
        "opens the ingress to everybody",
    ),
    "a service open to the world": (
        {"apiServer": {"service": {"type": "LoadBalancer"}}},
        "is open outside of the cluster",
    ),
    "a worker as the scheduler": (
        {"workers": {"kubernetes": {"serviceAccount": {"name": "airflow-scheduler"}}}},
        "pod of a task runs as airflow-scheduler",
    ),
    "a task with the secrets of the scheduler": (
        {
            "workers": {
                "kubernetes": {
                    "extraVolumes": [
                        {
                            "name": "x",
                            "csi": {
                                "driver": "secrets-store.csi.k8s.io",
                                "volumeAttributes": {"secretProviderClass": "airflow-scheduler"},
                            },
                        }
                    ]
                }
            }
        },
        "pod of a task mounts airflow-scheduler",
    ),
    "a task with the fernet key": (
        {
            "workers": {
                "kubernetes": {
                    "env": [
                        {
                            "name": "KEY",
                            "valueFrom": {
                                "secretKeyRef": {"name": "airflow-fernet-key", "key": "fernet-key"}
                            },
                        }
                    ]
                }
            }
        },
        "pod of a task reads the Secret airflow-fernet-key",
    ),
    "a Secret of the chart's": (
        {"fernetKey": "x", "fernetKeySecretName": None},
        "makes the Secret",
    ),
}


def together(values: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return values that have what each of these has."""
    found: dict[str, Any] = {}
    for one in values:
        for key, value in one.items():
            there = found.get(key)
            if isinstance(value, dict):
                found[key] = together([there or {}, value])
            elif isinstance(value, list):
                found[key] = [*(there or []), *value]
            else:
                found[key] = value
    return found


# with these the chart no longer makes the objects that others are found in
HIDING = {"rights in the whole cluster", "no network policies"}


@pytest.fixture(scope="module")
def found(problems: Any) -> dict[bool, str]:
    """What is said of harmful values, many at once: rendering the chart takes a second."""
    return {
        hiding: problems(
            together(v for name, (v, _) in HARMFUL.items() if (name in HIDING) is hiding)
        )
        for hiding in (True, False)
    }


@pytest.mark.parametrize("name", HARMFUL)
def test_values_that_open_the_platform_are_found(found: dict[bool, str], name: str) -> None:
    assert HARMFUL[name][1] in found[name in HIDING]


def test_values_that_the_chart_cannot_take_are_found(problems: Any) -> None:
    assert "cannot be rendered" in problems({"executor": 3})
