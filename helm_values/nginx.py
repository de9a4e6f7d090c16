"""Values of the F5 NGINX Ingress Controller's chart, and the Ingress of Airflow's host.

Every key is one that chart 2.7 and controller 5.6 read: ConfigMap keys and `nginx.org/` annotations
("ConfigMap Resource" and "Annotations" in the controller's documentation). The annotations of the
retired community controller (`nginx.ingress.kubernetes.io/`) mean nothing here.
"""

from collections.abc import Sequence
from typing import Any

from helm_values.key_vault import volume

SERVICE_ACCOUNT = "nginx-ingress"  # identities are federated with it by this name
AZURE = "service.beta.kubernetes.io/azure-"

# Mozilla's "intermediate" profile without the finite-field ciphers; TLS 1.3 brings its own.
CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)

# Requests are counted per client on these paths alone: nginx skips a limit whose key is empty.
# `$uri` is the decoded path, so that an encoded one does not slip through.
HTTP_SNIPPETS = r"""
map $uri $sign_in_client {
    default "";
    "~^/auth/(login|oauth-authorized|token)(/|$)" $binary_remote_addr;
}
large_client_header_buffers 4 32k;
ssl_session_cache shared:tls_sessions:10m;
ssl_session_timeout 1d;
ssl_session_tickets off;
""".strip()

# The path without its query: the authorization code of a sign-in must not reach the logs.
LOG_FORMAT = """
{"time":"$time_iso8601","client":"$remote_addr","method":"$request_method",
"host":"$host","path":"$request_uri_no_args","protocol":"$server_protocol",
"status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,
"upstream_seconds":"$upstream_response_time","upstream":"$upstream_addr",
"tls":"$ssl_protocol","agent":"$http_user_agent","request_id":"$request_id"}
""".strip()

# Frames of the same origin stay allowed: Airflow shows its user and role pages in one.
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "frame-ancestors 'self'; base-uri 'self'; object-src 'none'; form-action 'self'"
    ),
}


def nginx_values(
    *,
    internal: bool,
    replicas: int = 2,
    max_replicas: int = 6,
    internal_subnet: str = "",
    allowed_ranges: Sequence[str] = (),
    image_repository: str = "",
    priority_class: str = "",
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
        priority_class: name of the PriorityClass of the pods.
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
        "topologySpreadConstraints": [
            _spread("topology.kubernetes.io/zone"),
            _spread("kubernetes.io/hostname"),
        ],
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
        "serviceAccount": {"name": SERVICE_ACCOUNT},
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
    if priority_class:
        controller["priorityClassName"] = priority_class
    return {"controller": controller, "prometheus": {"create": True, "port": 9113}}


def config_map() -> dict[str, str]:
    """Return the entries of the controller's ConfigMap: what holds for every host."""
    return {
        "ssl-protocols": "TLSv1.2 TLSv1.3",
        "ssl-ciphers": ":".join(CIPHERS),
        "ssl-prefer-server-ciphers": "false",  # so that a phone may choose ChaCha20
        "hsts": "true",
        "hsts-max-age": str(2 * 365 * 24 * 3600),
        "ssl-redirect": "true",
        "http-redirect-code": "308",
        "http2": "true",
        "server-tokens": "false",
        "client-max-body-size": "16m",
        "proxy-connect-timeout": "10s",
        "proxy-read-timeout": "120s",
        "proxy-send-timeout": "60s",
        "proxy-buffer-size": "16k",
        "proxy-buffers": "8 16k",
        "proxy-busy-buffers-size": "32k",
        "keepalive": "32",
        "worker-processes": "2",  # "auto" would count the node's cores, not the pod's
        "worker-shutdown-timeout": "60s",
        "log-format-escaping": "json",
        "log-format": LOG_FORMAT,
        "http-snippets": HTTP_SNIPPETS,
    }


def ingress_values(
    *, host: str, tls_secret: str = "", sign_in_requests_per_second: int = 5
) -> dict[str, Any]:
    """Return the `ingress` part of the Airflow chart's values.

    The security headers stand here and not in the ConfigMap: nginx drops the headers of the outer
    level as soon as a server adds one itself, and HSTS is added by the server.

    Args:
        host: the name users type; the same as in `[api] base_url` and the redirect URI.
        tls_secret: a Secret of type kubernetes.io/tls in the release's namespace; empty takes
            the controller's own (`nginx_values(certificate=...)`).
        sign_in_requests_per_second: for one client address over all replicas; a whole office may
            share one, and a sign-in takes two requests.

    Raises:
        ValueError: the rate is below one.
    """
    if sign_in_requests_per_second < 1:
        raise ValueError(
            f"sign_in_requests_per_second is {sign_in_requests_per_second}: it must be 1 or more"
        )
    tls = {"enabled": True} | ({"secretName": tls_secret} if tls_secret else {})
    annotations = {
        "nginx.org/add-header": ",".join(
            f"{name}:{value}:always" for name, value in SECURITY_HEADERS.items()
        ),
        "nginx.org/limit-req-key": "${sign_in_client}",
        "nginx.org/limit-req-rate": f"{sign_in_requests_per_second}r/s",
        "nginx.org/limit-req-burst": str(sign_in_requests_per_second * 8),
        "nginx.org/limit-req-no-delay": "true",
        "nginx.org/limit-req-reject-code": "429",
        "nginx.org/limit-req-scale": "true",
    }
    return {
        "apiServer": {
            "enabled": True,
            "ingressClassName": "nginx",
            "path": "/",
            "pathType": "Prefix",
            "hosts": [{"name": host, "tls": tls}],
            "annotations": annotations,
        }
    }


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


def _spread(topology_key: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": topology_key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "nginx-ingress"}},
    }


def _resources(*, cpu: str, memory: str, memory_limit: str) -> dict[str, dict[str, str]]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory_limit}}
