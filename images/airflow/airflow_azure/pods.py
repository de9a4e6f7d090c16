"""Fills in what Kubernetes demands of the pods that DAG authors start by KubernetesPodOperator.

Their namespace enforces the Pod Security Standard "restricted" (the page of Kubernetes of that
name). An author should not have to know it: what is left out is set here, what is set stays.
"""

from typing import Any

from airflow.configuration import conf

LABEL = "kubernetes_pod_operator"  # the operator sets it; workers' pods are the chart's
SIDECAR = "airflow-xcom-sidecar"  # PodDefaults.SIDECAR_CONTAINER_NAME
USER = 50000  # of the Airflow image; an image that runs as root, or as a name, needs a number


def harden(pod: Any) -> None:
    """Complete a pod of KubernetesPodOperator, its XCom sidecar included; leave others alone.

    Args:
        pod: a V1Pod; its parts may be dictionaries, as authors write them.
    """
    if not (pod.metadata.labels or {}).get(LABEL):
        return
    spec = pod.spec
    spec.security_context = whole = spec.security_context or {}
    user = _default(whole, "runAsUser", "run_as_user", USER)
    _default(whole, "fsGroup", "fs_group", user)
    _default(whole, "runAsNonRoot", "run_as_non_root", True)
    _default(whole, "seccompProfile", "seccomp_profile", {"type": "RuntimeDefault"})
    if spec.automount_service_account_token is None:
        spec.automount_service_account_token = False
    for container in [*spec.containers, *(spec.init_containers or ())]:
        container.security_context = own = container.security_context or {}
        _default(own, "allowPrivilegeEscalation", "allow_privilege_escalation", False)
        capabilities = _default(own, "capabilities", "capabilities", {})
        _default(capabilities, "drop", "drop", ["ALL"])
        if container.name == SIDECAR:
            container.image = sidecar_image()


def _default(part: Any, key: str, attribute: str, value: Any) -> Any:
    """Set a value where the author set none; return the value in effect."""
    if isinstance(part, dict):
        return part[attribute] if attribute in part else part.setdefault(key, value)
    if getattr(part, attribute) is None:
        setattr(part, attribute, value)
    return getattr(part, attribute)


def sidecar_image() -> str:
    """Return the Airflow image: it has the shell that the sidecar needs, and is ours already."""
    repository = conf.get("kubernetes_executor", "worker_container_repository")
    tag = conf.get("kubernetes_executor", "worker_container_tag")
    return f"{repository}:{tag}"
