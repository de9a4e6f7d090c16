"""Where the certificate of Airflow's host comes from, and how it reaches NGINX."""

from environments.model import Environment
from helm_values.charts import AIRFLOW, NGINX
from helm_values.cluster.secrets_store import volume
from helm_values.infrastructure import Infrastructure
from helm_values.ingress.cert_manager import (
    cert_manager_monitor,
    certificate,
    cluster_issuer,
    key_vault_certificate,
)
from helm_values.merge import Values, at

TLS_SECRET = "airflow-tls"


def ingress_secret(env: Environment) -> str | None:
    """Return the Secret that the Ingress names; None where NGINX has the certificate itself."""
    return TLS_SECRET if env.ingress.certificate == "letsencrypt" else None


def nginx_certificate_values(env: Environment) -> Values:
    """Return the values by which NGINX mounts and serves a certificate of Key Vault.

    It serves it as its wildcard certificate, to every Ingress that names none. So the private key
    is where TLS ends, and in no pod of Airflow.
    """
    if env.ingress.certificate == "letsencrypt":
        return {}
    return at(
        "controller",
        {
            "wildcardTLS": {"secret": f"{NGINX.namespace}/{TLS_SECRET}"},
            "volumes": [volume(name="certificate", provider_class=TLS_SECRET)],
            "volumeMounts": [
                {"name": "certificate", "mountPath": "/mnt/certificate", "readOnly": True}
            ],
        },
    )


def certificate_prerequisites(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return what must be there before NGINX mounts a certificate of Key Vault."""
    name = env.ingress.key_vault_certificate
    if env.ingress.certificate == "letsencrypt" or name is None:
        return []
    return [
        key_vault_certificate(
            namespace=NGINX.namespace,
            tls_secret=TLS_SECRET,
            vault_name=infra.key_vault_name,
            certificate_name=name,
            tenant_id=env.tenant_id,
            client_id=infra.certificate_client_id,
        )
    ]


def certificate_request(env: Environment, infra: Infrastructure) -> list[Values]:
    """Return what cert-manager needs to get and renew a certificate of Let's Encrypt."""
    zone, contact = env.ingress.dns_zone_id, env.ingress.contact
    if env.ingress.certificate != "letsencrypt" or zone is None or contact is None:
        return []
    _, _, subscription_id, _, resource_group, *_, zone_name = zone.split("/")
    return [
        cluster_issuer(
            email=contact,
            zone_name=zone_name,
            zone_resource_group=resource_group,
            subscription_id=subscription_id,
            identity_client_id=infra.certificate_client_id,
        ),
        certificate(host=env.ingress.host, namespace=AIRFLOW.namespace, tls_secret=TLS_SECRET),
        cert_manager_monitor(),
    ]
