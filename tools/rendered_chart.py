"""What a chart makes of its values, and what is asked of its objects."""

import json
import re
import tarfile
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from helm_values.charts import Chart, allowed_images

Objects = list[dict[str, Any]]
# Helm lets a comment follow on the line; YAML does not.
SEPARATOR = re.compile(r"(?m)^---[ \t]*")
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


def loaded(text: str) -> Any:
    """Return what YAML says, read by libyaml: ten times as fast as by Python."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def objects_of(folder: Path, chart: Chart, values: dict[str, Any]) -> Objects:
    """Return what the chart in a folder makes of its values, through Helm's own library.

    Raises:
        ImportError: the library has no wheel for this machine.
    """
    import helm_python

    with helm_python.Chart.load(folder) as opened:
        texts = opened.render(values, name=chart.name, namespace=chart.namespace)
    manifests = [text for path, text in texts.items() if path.endswith(".yaml")]
    return [found for text in manifests for found in objects_in(text)]


def objects_in(manifest: str) -> Objects:
    """Return the objects of a manifest as Helm writes it."""
    return [found for part in SEPARATOR.split(manifest) if (found := loaded(part))]


def objects_of_package(package: Path, chart: Chart, values: dict[str, Any]) -> Objects:
    """Return what a chart's package makes of its values; the same values are rendered once.

    Raises:
        ImportError: the library has no wheel for this machine.
    """
    found: Objects = json.loads(_rendered(package, chart, json.dumps(values)))
    return found


@cache
def _rendered(package: Path, chart: Chart, values: str) -> str:
    with tempfile.TemporaryDirectory(prefix="chart-") as folder:
        with tarfile.open(package) as opened:
            opened.extractall(folder, filter="data")
        return json.dumps(objects_of(Path(folder) / chart.name, chart, json.loads(values)))


def task_pod(objects: Objects) -> dict[str, Any] | None:
    """Return the pod that a task of the KubernetesExecutor runs in, where there is one."""
    for found in of_kind(objects, "ConfigMap"):
        if template := (found.get("data") or {}).get("pod_template_file.yaml"):
            pod: dict[str, Any] = loaded(template)
            return pod
    return None


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
            "privileged": bool(own.get("privileged")),
            "runAsUser 0": own.get("runAsUser", shared.get("runAsUser")) == 0,
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
            "capabilities.drop": capabilities.get("drop") != ["ALL"],
            "capabilities.add": not set(capabilities.get("add") or []) <= {"NET_BIND_SERVICE"},
            "hostPort": any("hostPort" in port for port in container.get("ports") or []),
        }
        faults += [f"{container['name']}: {fault}" for fault, is_so in wrong.items() if is_so]
    return faults


def images(objects: Objects) -> set[str]:
    """Return the images that the pods of workloads and of tasks start from."""
    pods = [pod for _, pod in workload_pods(objects)]
    if (task := task_pod(objects)) is not None:
        pods.append(task)
    return {container["image"] for pod in pods for container in containers(pod)}


def refused_images(objects: Objects, chart: Chart) -> list[str]:
    """Return the images that Azure Policy would refuse in the namespace of a chart."""
    pattern = allowed_images("crairflowdev.azurecr.io")[chart.namespace]
    return sorted(image for image in images(objects) if not re.search(pattern, image))
