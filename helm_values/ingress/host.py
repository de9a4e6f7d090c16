"""The Ingress of Airflow's host, as part of the Airflow chart's values.

The annotations are those of the F5 controller 5.6 (`nginx.org/`); those of the retired community
controller (`nginx.ingress.kubernetes.io/`) mean nothing to it.
"""

from helm_values.merge import Values

# Frames of the same origin stay allowed: Airflow shows its user and role pages in one.
# The Content-Security-Policy is in `nginx_config`: it has colons, which end an entry here.
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Of one client address, over all replicas: a whole office may share one, and a sign-in takes two.
SIGN_IN_REQUESTS_PER_SECOND = 5


def ingress_values(*, host: str, tls_secret: str | None) -> Values:
    """Return the `ingress` part of the Airflow chart's values.

    The security headers stand here and not in the ConfigMap: nginx drops the headers of the outer
    level as soon as a server adds one itself, and HSTS is added by the server.

    Args:
        host: the name users type; the same as in `[api] base_url` and the redirect URI.
        tls_secret: a Secret of type kubernetes.io/tls in the release's namespace; None takes
            the controller's own certificate.
    """
    tls = {"enabled": True} | ({"secretName": tls_secret} if tls_secret else {})
    annotations = {
        "nginx.org/add-header": ",".join(
            f"{name}:{value}:always" for name, value in SECURITY_HEADERS.items()
        ),
        "nginx.org/limit-req-key": "${sign_in_client}",
        "nginx.org/limit-req-rate": f"{SIGN_IN_REQUESTS_PER_SECOND}r/s",
        "nginx.org/limit-req-burst": str(SIGN_IN_REQUESTS_PER_SECOND * 8),
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
