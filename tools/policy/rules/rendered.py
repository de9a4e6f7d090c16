"""What Airflow's chart makes of all values, the company's own included: as strict as ours."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from conventions.components import COMPONENTS
from conventions.vault_secrets import SHARED_SECRET
from helm_values.charts import AIRFLOW
from synthesis.resources import EnvironmentStacks
from tools.charts import find
from tools.policy.rules.rule import Finding, Rules
from tools.rendered_chart import (
    Objects,
    containers,
    objects_of_package,
    of_kind,
    refused_images,
    rights,
    task_pod,
    twice,
    workload_pods,
)

_RULES = Rules()
rule = _RULES.rule
RULES = _RULES.collected

READING = {"get", "list", "watch"}
PODS = {"pods", "pods/log"}
REGISTRY = "crairflowdev.azurecr.io"  # stands for the one that Terraform fills in


@rule(
    "AOA-S13",
    "What Airflow's chart makes keeps to pod security, rights, images and network of the platform",
    control="releases",
    page="https://kubernetes.io/docs/concepts/security/pod-security-standards/",
)
def chart(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """No list of keys could say what values may do: the objects that come out are looked at.

    Where the chart is not at hand, there is nothing to look at: `make charts` brings it.
    """
    for release in stacks.resources("helm_release"):
        if release.get("chart") == AIRFLOW.name and find(AIRFLOW).is_file():
            problems = _problems(str(release.get("values")))
            yield from (Finding(release, problem) for problem in problems or [None])


@cache
def _problems(text: str) -> tuple[str, ...]:
    """Return what is wrong with the objects that the values of a release make."""
    # Terraform fills in the registry; its own escapes are of two signs
    values = json.loads(text.replace("$${", "${").replace("%%{", "%{"))
    own = str(values["defaultAirflowRepository"]).rpartition("/")[0]
    try:
        objects = objects_of_package(find(AIRFLOW), AIRFLOW, values)
    except ImportError:
        return ()
    except Exception as error:  # Helm's library raises what the chart says
        return (f"the chart cannot be rendered: {str(error).splitlines()[-1]}",)
    objects = json.loads(json.dumps(objects).replace(own, REGISTRY))
    pods = dict(workload_pods(objects))
    if (task := task_pod(objects)) is not None:
        pods["pod of a task"] = task
    return tuple(
        dict.fromkeys(
            [
                *(f"{name}: {fault}" for name, pod in pods.items() for fault in rights(pod)),
                *(f"image {image}" for image in refused_images(objects, AIRFLOW)),
                *(f"made twice: {' '.join(found)}" for found in twice(objects)),
                *_kinds(objects),
                *_rbac(objects),
                *_network(objects),
                *(fault for name, pod in pods.items() for fault in _identity(name, pod)),
            ]
        )
    )


def _kinds(objects: Objects) -> Iterator[str]:
    for found in objects:
        name, spec = f"{found['kind']} {found['metadata']['name']}", found.get("spec") or {}
        if found["kind"] in ("Secret", "ClusterRole", "ClusterRoleBinding", "PersistentVolume"):
            yield f"makes the {name}"
        if found["metadata"].get("namespace", AIRFLOW.namespace) != AIRFLOW.namespace:
            yield f"{name} is in another namespace"
        if found["kind"] == "Service" and spec.get("type", "ClusterIP") != "ClusterIP":
            yield f"{name} is open outside of the cluster: type {spec['type']}"


def _rbac(objects: Objects) -> Iterator[str]:
    for role in of_kind(objects, "Role"):
        for given in role.get("rules") or []:
            verbs, resources = set(given["verbs"]), set(given.get("resources") or ["*"])
            if not (verbs <= READING and resources <= PODS):
                yield (
                    f"Role {role['metadata']['name']} may {', '.join(sorted(verbs))} "
                    f"{', '.join(sorted(resources))}"
                )


def _network(objects: Objects) -> Iterator[str]:
    found = of_kind(objects, "NetworkPolicy")
    if not found:
        yield "no NetworkPolicy: nobody may connect to Airflow, or anybody"
    for policy in found:
        name, spec = policy["metadata"]["name"], policy["spec"]
        if not spec.get("podSelector", {}).get("matchLabels"):
            yield f"NetworkPolicy {name} opens every pod"
        for way, side in (("ingress", "from"), ("egress", "to")):
            opened = [rule.get(side) or [{}] for rule in spec.get(way) or []]
            if any(_anybody(peer) for peers in opened for peer in peers):
                yield f"NetworkPolicy {name} opens the {way} to everybody"


def _anybody(peer: dict[str, Any]) -> bool:
    block = peer.get("ipBlock", {}).get("cidr", "")
    sides = [peer[side] for side in ("podSelector", "namespaceSelector") if side in peer]
    return block.endswith("/0") or (not block and not any(sides))


def _identity(name: str, pod: dict[str, Any]) -> Iterator[str]:
    """A pod runs as the account of its component, and reads the secrets of no other."""
    spec, label = pod["spec"], pod["metadata"]["labels"].get("component", "")
    owner = next((component for component in COMPONENTS if component.label == label), None)
    account = spec.get("serviceAccountName")
    if owner and account != owner.service_account.name:
        yield f"{name} runs as {account}, not as {owner.service_account.name}"
    if not owner and account in {component.service_account.name for component in COMPONENTS}:
        yield f"{name} runs as {account}, which is a component's"
    for volume in spec.get("volumes") or []:
        wanted = volume.get("csi", {}).get("volumeAttributes", {}).get("secretProviderClass")
        if wanted and (owner is None or wanted != owner.provider_class):
            yield f"{name} mounts {wanted}, the secrets of another"
        if "secret" in volume:
            yield f"{name} mounts the Secret {volume['secret'].get('secretName')}"
    if name == "pod of a task":
        for container in containers(pod):
            for variable in container.get("env") or []:
                secret = variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name")
                if secret and secret != SHARED_SECRET:
                    yield f"{name} reads the Secret {secret}"
