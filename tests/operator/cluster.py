"""A real API server with an environment's objects, and what AKS and the pages' placeholders add.

It has no node, so no container runs: `kubectl exec` and `logs` end at a pod that has no host, after
the server has looked for the pod and the container.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from local_kubernetes import ApiServer

from conventions.service_accounts import MIGRATIONS_NAMESPACE, TASKS_NAMESPACE
from environments.model import Environment
from helm_values.airflow.migrations import migration_objects
from helm_values.airflow.release import airflow_values
from helm_values.charts import AIRFLOW, CERT_MANAGER, NGINX
from helm_values.infrastructure import Infrastructure
from tests.helm_values.rendering import render, unpacked
from tools.cluster.custom_kinds import CUSTOM_KINDS, Kind
from tools.rendered_chart import Objects, containers, of_kind, workload_pods

# kinds of add-ons that the pages read, beside those that our objects are of
READ = (
    Kind("cert-manager.io", "v1", "CertificateRequest", "certificaterequests"),
    Kind("acme.cert-manager.io", "v1", "Order", "orders"),
    Kind("acme.cert-manager.io", "v1", "Challenge", "challenges"),
    Kind(
        "secrets-store.csi.x-k8s.io",
        "v1",
        "SecretProviderClassPodStatus",
        "secretproviderclasspodstatuses",
    ),
)
NAMESPACES: tuple[str, ...] = (
    *(AIRFLOW.namespace, NGINX.namespace, CERT_MANAGER.namespace),
    *(MIGRATIONS_NAMESPACE, TASKS_NAMESPACE, "airflow-restored", "namespace"),
)
KEPT: tuple[str, ...] = ("ConfigMap", "PriorityClass", "Service", "ServiceAccount", "Ingress")
KEPT += ("Deployment", "StatefulSet", "CronJob", "Job")


def fill(server: ApiServer, dev: Environment, infra: Infrastructure, folder: Path) -> None:
    """Put into the server what the commands of the pages look for."""
    for kind in (*CUSTOM_KINDS, *READ):
        _put(server, [kind.definition()])
        server.wait_for_kind(kind.api_version, kind.kind)
    _put(server, ({"apiVersion": "v1", "kind": "Namespace"} | _named(one) for one in NAMESPACES))
    for namespace in (*NAMESPACES, "default", "kube-system"):
        account = {"apiVersion": "v1", "kind": "ServiceAccount"} | _named("default", namespace)
        _put(server, [account])  # a controller makes it in a cluster
    rendered = render(unpacked(AIRFLOW, folder), AIRFLOW, airflow_values(dev, infra))
    _install(server, [*rendered, *migration_objects(dev, infra)])
    _put(server, _of_others())
    _put(server, _of_placeholders())


def _install(server: ApiServer, objects: Objects) -> None:
    """Put in the objects, and a pod of each workload."""
    here = {"namespace": AIRFLOW.namespace}
    placed = [
        found | {"metadata": here | found["metadata"]}
        for kind in KEPT
        for found in of_kind(objects, kind)
    ]
    _put(server, placed)
    for workload in placed:
        for name, template in workload_pods([workload]):
            _put(server, [_first_pod(workload, name.split()[1], template)])


def _first_pod(workload: dict[str, Any], name: str, template: dict[str, Any]) -> dict[str, Any]:
    # a volume for each name is enough: nothing is mounted
    mounted = {
        mount["name"] for each in containers(template) for mount in each.get("volumeMounts") or []
    }
    spec = {key: value for key, value in template["spec"].items() if "ccount" not in key}
    spec |= {"volumes": [{"name": each, "emptyDir": {}} for each in mounted]}
    labels = template.get("metadata", {}).get("labels", {})
    return _pod(f"{name}-0", workload["metadata"]["namespace"], labels, spec)


def _of_others() -> Iterable[dict[str, Any]]:
    """What AKS and the charts of NGINX and cert-manager bring, by their documentation's names."""
    system = "kube-system"
    yield {"apiVersion": "v1", "kind": "ConfigMap"} | _named("cluster-autoscaler-status", system)
    nginx, manager = "nginx-ingress-controller", "cert-manager"
    for name, namespace, label, container in (
        ("ama-metrics", system, {"rsName": "ama-metrics"}, "prometheus-collector"),
        (nginx, NGINX.namespace, {"app.kubernetes.io/name": "nginx-ingress"}, "nginx-ingress"),
        (manager, manager, {"app": manager}, "cert-manager-controller"),
    ):
        spec = _with(container)
        template = {"metadata": {"labels": label}, "spec": spec}
        deployment = {"apiVersion": "apps/v1", "kind": "Deployment"} | _named(name, namespace)
        yield deployment | {"spec": {"selector": {"matchLabels": label}, "template": template}}
        yield _pod(f"{name}-0", namespace, label, spec)
    yield _pod("keda-operator-0", system, {"app": "keda-operator"}, _with("keda-operator"))
    # a controller makes it of the StatefulSet
    claim = _named("redis-db-airflow-redis-0", AIRFLOW.namespace)
    room = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    yield {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": room} | claim
    driver = {"app": "secrets-store-csi-driver"}
    yield _pod("aks-secrets-store-csi-driver-0", system, driver, _with("secrets-store"))


def _of_placeholders() -> Iterable[dict[str, Any]]:
    """The objects that stand for `<node>`, `<pod>`, `<namespace>` and `<component>`."""
    yield {"apiVersion": "v1", "kind": "Node"} | _named("node")
    labels = {"app": "component"}
    template = {"metadata": {"labels": labels}, "spec": _with("component")}
    component = {"apiVersion": "apps/v1", "kind": "Deployment"}
    yield (
        component
        | _named("airflow-component", AIRFLOW.namespace)
        | {"spec": {"selector": {"matchLabels": labels}, "template": template}}
    )
    for name in ("pod", "pod-s-name-or-its-successor"):
        yield _pod(name, "namespace", {}, _with("base"))


def _pod(name: str, namespace: str, labels: dict[str, str], spec: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "spec": spec}
    return pod | {"metadata": {"name": name, "namespace": namespace, "labels": labels}}


def _with(container: str) -> dict[str, Any]:
    return {"containers": [{"name": container, "image": "example.com/any:1"}]}


def _named(name: str, namespace: str = "") -> dict[str, Any]:
    where = {"namespace": namespace} if namespace else {}
    return {"metadata": {"name": name} | where}


def _put(server: ApiServer, objects: Iterable[dict[str, Any]]) -> None:
    refused = [str(answer) for found in objects if (answer := server.apply(found))]
    if refused:
        raise ValueError(json.dumps(refused))
