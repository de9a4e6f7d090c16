"""Values of the chart of the F5 NGINX Ingress Controller, version 2.7."""

from conventions.service_accounts import CERTIFICATE_ACCOUNTS
from conventions.sizes import NGINX, NGINX_START
from environments.model import Environment
from helm_values.cluster.priority import CLUSTER_SERVICE
from helm_values.cluster.resources import resources
from helm_values.cluster.spread import spread
from helm_values.ingress.certificate import nginx_certificate_values
from helm_values.ingress.controller_access import access_values
from helm_values.ingress.nginx_config import config_map
from helm_values.merge import Values, merged

METRICS_PORT = 9113
ROOM_TO_GROW = 4  # replicas that the autoscaler may add
AZURE = "service.beta.kubernetes.io/azure-"


def ingress_controller_values(env: Environment) -> Values:
    """Return the values of the chart `nginx-ingress`, its certificate included."""
    return merged(
        nginx_values(
            internal=env.ingress.internal,
            replicas=env.ingress.replicas,
            max_body_mib=env.ingress.max_body_mib,
            address=str(env.ingress.address or ""),
            public_ip_id=env.ingress.public_ip_id or "",
        ),
        nginx_certificate_values(env),
        access_values(env),
    )


def nginx_values(
    *,
    internal: bool,
    replicas: int,
    max_body_mib: int,
    address: str = "",
    public_ip_id: str = "",
) -> Values:
    """Return the values of the chart `nginx-ingress` without a certificate.

    Args:
        internal: a load balancer in the virtual network instead of a public one.
        replicas: at least two, so that a node can be drained without an outage; the autoscaler may
            add ROOM_TO_GROW more.
        max_body_mib: largest request, in MiB.
        address: private address that the load balancer keeps; empty lets Azure choose.
        public_ip_id: Azure's id of the public IP that it takes; empty lets Azure choose.
    """
    controller: Values = {
        "kind": "deployment",
        "replicaCount": replicas,
        "autoscaling": {
            "enabled": True,
            "minReplicas": replicas,
            "maxReplicas": replicas + ROOM_TO_GROW,
            "targetCPUUtilizationPercentage": 70,
            "targetMemoryUtilizationPercentage": 80,
        },
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "topologySpreadConstraints": spread({"app.kubernetes.io/name": "nginx-ingress"}),
        # without one, pods of Airflow, which have one, would push these off a full node
        "priorityClassName": CLUSTER_SERVICE,
        "resources": resources(NGINX),
        "initContainerResources": resources(NGINX_START),
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
            "annotations": _load_balancer(internal, address, public_ip_id),
            "loadBalancerSourceRanges": [],
        },
        "config": {"entries": config_map(max_body_mib)},
    }
    return {"controller": controller, "prometheus": {"create": True, "port": METRICS_PORT}}


def _load_balancer(internal: bool, address: str, public_ip_id: str) -> dict[str, str]:
    annotations = {
        f"{AZURE}load-balancer-health-probe-interval": "5",
        f"{AZURE}load-balancer-health-probe-num-of-probe": "2",
        f"{AZURE}load-balancer-tcp-idle-timeout": "10",
    }
    if internal:
        annotations[f"{AZURE}load-balancer-internal"] = "true"
    if address:
        annotations[f"{AZURE}load-balancer-ipv4"] = address
    if public_ip_id:
        # learn.microsoft.com: "Use a static public IP address with the AKS load balancer"
        annotations[f"{AZURE}pip-name"] = public_ip_id.rsplit("/", 1)[1]
        annotations[f"{AZURE}load-balancer-resource-group"] = public_ip_id.split("/")[4]
    return annotations
