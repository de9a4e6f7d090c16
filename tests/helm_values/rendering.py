"""Charts through Helm's own library, and what is asked of their objects."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from helm_values.charts import Chart, allowed_images
from helm_values.merge import Values
from tests.parts.skips import not_given
from tools.charts import download, find

Objects = list[dict[str, Any]]
# Helm lets a comment follow on the line; YAML does not.
SEPARATOR = re.compile(r"(?m)^---[ \t]*")
# NGINX's schema names Kubernetes' own by an address; the same definitions are at hand.
ADDRESS = re.compile(r"https://[^\"]+/v([\d.]+)\.\d+/_definitions\.json#/definitions/")
DEFINITIONS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
# What the level "restricted" of Kubernetes' Pod Security Standards lets a pod mount.
VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def unpacked(chart: Chart, folder: Path) -> Path:
    """Return a chart's folder, with a schema that needs no network; skip where it is not there."""
    helm = pytest.importorskip("helm_python", reason="Helm's library has no wheel for here")
    file = find(chart)
    if not file.is_file():
        not_given(f"the chart {file.name} is not in {file.parent}; `make charts` downloads it")
    helm.expand(folder, download(chart, file.parent))
    schema = folder / chart.name / "values.schema.json"
    local = ADDRESS.sub(
        lambda found: f"file://{DEFINITIONS}/v{found[1]}.0-local/_definitions.json#/$defs/",
        schema.read_text(),
    )
    schema.write_text(local)
    return folder / chart.name


def render(folder: Path, chart: Chart, values: Values) -> Objects:
    """Return what a chart makes of its values, which have to fit its schema."""
    helm = pytest.importorskip("helm_python", reason="Helm's library has no wheel for here")
    with helm.Chart.load(folder) as loaded:
        loaded.validate_schema(values)
        texts = loaded.render(values, name=chart.name, namespace=chart.namespace)
    manifests = [text for path, text in texts.items() if path.endswith(".yaml")]
    documents = [part for text in manifests for part in SEPARATOR.split(text)]
    return [found for part in documents if (found := yaml.safe_load(part))]


def named(objects: Objects, kind: str, name: str) -> dict[str, Any]:
    """Return the one object of a kind and a name."""
    (found,) = [o for o in objects if (o["kind"], o["metadata"]["name"]) == (kind, name)]
    return found


def of_kind(objects: Objects, kind: str) -> Objects:
    """Return the objects of a kind."""
    return [found for found in objects if found["kind"] == kind]


def workload_pods(objects: Objects) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the pod of every workload."""
    for found in objects:
        spec = found.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield f"{found['kind']} {found['metadata']['name']}", spec["template"]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a pod's containers, those of its start included."""
    return [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]


def twice(objects: Objects) -> list[tuple[str, ...]]:
    """Return the objects that come more than once: Helm's installation fails at the second."""
    ids = [
        (o["apiVersion"], o["kind"], o["metadata"].get("namespace", ""), o["metadata"]["name"])
        for o in objects
    ]
    return sorted({found for found in ids if ids.count(found) > 1})


def rights(pod: dict[str, Any]) -> list[str]:
    """Return what the level "restricted" refuses of a pod; empty is well."""
    spec = pod["spec"]
    shared = spec.get("securityContext") or {}
    found = [
        f"volume {key}" for volume in spec.get("volumes") or [] for key in set(volume) - {"name"}
    ]
    faults = [volume for volume in found if volume.removeprefix("volume ") not in VOLUMES]
    faults += [key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    if shared.get("seccompProfile") != {"type": "RuntimeDefault"}:
        faults.append("seccompProfile")
    for container in containers(pod):
        own = container.get("securityContext") or {}
        capabilities = own.get("capabilities", {})
        wrong = {
            "runAsNonRoot": (own.get("runAsNonRoot") or shared.get("runAsNonRoot")) is not True,
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
            "capabilities.drop": capabilities.get("drop") != ["ALL"],
            "capabilities.add": not set(capabilities.get("add") or []) <= {"NET_BIND_SERVICE"},
            "hostPort": any("hostPort" in port for port in container.get("ports") or []),
        }
        faults += [f"{container['name']}: {fault}" for fault, is_so in wrong.items() if is_so]
    return faults


def images(objects: Objects) -> set[str]:
    """Return the images that the pods of workloads and of tasks start from."""
    templates = [
        yaml.safe_load(found["data"]["pod_template_file.yaml"])
        for found in of_kind(objects, "ConfigMap")
        if "pod_template_file.yaml" in found["data"]
    ]
    pods = [*(pod for _, pod in workload_pods(objects)), *templates]
    return {container["image"] for pod in pods for container in containers(pod)}


def refused_images(objects: Objects, chart: Chart) -> list[str]:
    """Return the images that Azure Policy would refuse in the namespace of a chart."""
    pattern = allowed_images("crairflowdev.azurecr.io")[chart.namespace]
    return sorted(image for image in images(objects) if not re.search(pattern, image))
