"""Values of the chart of the F5 NGINX Ingress Controller, version 2.7."""

from collections.abc import Sequence
from typing import Any

from conventions.service_accounts import CERTIFICATE_ACCOUNTS
from helm_values.key_vault import volume
from helm_values.nginx_config import config_map
from helm_values.priority import CLUSTER_SERVICE
from helm_values.spread import spread

METRICS_PORT = 9113
AZURE = "service.beta.kubernetes.io/azure-"


def nginx_values(
    *,
    internal: bool,
    replicas: int = 2,
    max_replicas: int = 6,
    internal_subnet: str = "",
    allowed_ranges: Sequence[str] = (),
    image_repository: str = "",
    priority_class: str = CLUSTER_SERVICE,
    certificate: str = "",
) -> dict[str, Any]:
    """Return the values of the chart `nginx-ingress`.

    Args:
        internal: a load balancer in the virtual network instead of a public one.
        replicas: at least two, so that a node can be drained without an outage.
        max_replicas: the autoscaler's ceiling.
        internal_subnet: name of the subnet of the internal load balancer; empty is the nodes' own.
        allowed_ranges: CIDR ranges that may connect; empty lets everyone.
        image_repository: a copy of the controller's image in the own registry.
        priority_class: name of the PriorityClass of the pods; without one, pods of Airflow, which
            have one, would push them off a full node.
        certificate: `namespace/name` of a Secret that Key Vault fills, for hosts that name none;
            its SecretProviderClass has the same name, and the pods mount it
            (`cert_manager.key_vault_certificate`). Empty where cert-manager fills the Secrets.

    Raises:
        ValueError: fewer than two replicas, or a ceiling below them.
    """
    if replicas < 2:
        raise ValueError(f"replicas is {replicas}: NGINX needs 2 or more to survive a drained node")
    if max_replicas < replicas:
        raise ValueError(
            f"max_replicas is {max_replicas}: it must be {replicas} or more (replicas)"
        )
    controller: dict[str, Any] = {
        "kind": "deployment",
        "replicaCount": replicas,
        "autoscaling": {
            "enabled": True,
            "minReplicas": replicas,
            "maxReplicas": max_replicas,
            "targetCPUUtilizationPercentage": 70,
            "targetMemoryUtilizationPercentage": 80,
        },
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "topologySpreadConstraints": spread({"app.kubernetes.io/name": "nginx-ingress"}),
        "priorityClassName": priority_class,
        "resources": _resources(cpu="250m", memory="256Mi", memory_limit="512Mi"),
        "initContainerResources": _resources(cpu="50m", memory="64Mi", memory_limit="128Mi"),
        # Together with the chart's defaults: user 101, no escalation, all capabilities dropped but
        # NET_BIND_SERVICE. Setting `securityContext` would switch those defaults off.
        "readOnlyRootFilesystem": True,
        "podSecurityContext": {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainerSecurityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 101,
            "capabilities": {"drop": ["ALL"]},
        },
        # The load balancer needs two failed probes, 5 s apart, to stop sending connections.
        "lifecycle": {"preStop": {"sleep": {"seconds": 15}}},
        "terminationGracePeriodSeconds": 90,
        "ingressClass": {"name": "nginx", "create": True, "setAsDefaultIngress": False},
        "enableSnippets": False,  # of Ingresses; those of the ConfigMap are the operator's
        "enableCustomResources": False,
        "enableConfigSafety": True,
        "telemetryReporting": {"enable": False},
        "serviceAccount": {"name": CERTIFICATE_ACCOUNTS["key_vault"].name},
        "service": {
            "type": "LoadBalancer",
            "externalTrafficPolicy": "Local",  # keeps the client's address, and its port 80 probe
            "annotations": _load_balancer(internal, internal_subnet),
            "loadBalancerSourceRanges": list(allowed_ranges),
        },
        "config": {"entries": config_map()},
    }
    if certificate:
        controller |= _from_key_vault(certificate)
    if image_repository:
        controller["image"] = {"repository": image_repository}
    return {"controller": controller, "prometheus": {"create": True, "port": METRICS_PORT}}


def _from_key_vault(certificate: str) -> dict[str, Any]:
    provider_class = certificate.rpartition("/")[2]
    return {
        "wildcardTLS": {"secret": certificate},
        "volumes": [volume(name="certificate", provider_class=provider_class)],
        "volumeMounts": [
            {"name": "certificate", "mountPath": "/mnt/certificate", "readOnly": True}
        ],
    }


def _load_balancer(internal: bool, subnet: str) -> dict[str, str]:
    annotations = {
        f"{AZURE}load-balancer-health-probe-interval": "5",
        f"{AZURE}load-balancer-health-probe-num-of-probe": "2",
        f"{AZURE}load-balancer-tcp-idle-timeout": "10",
    }
    if internal:
        annotations[f"{AZURE}load-balancer-internal"] = "true"
    if internal and subnet:
        annotations[f"{AZURE}load-balancer-internal-subnet"] = subnet
    return annotations


def _resources(*, cpu: str, memory: str, memory_limit: str) -> dict[str, dict[str, str]]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory_limit}}
