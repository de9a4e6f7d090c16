"""The certificate of Airflow's host: from Let's Encrypt by cert-manager, or from Key Vault."""

from collections.abc import Sequence

from conventions.labels import USES_WORKLOAD_IDENTITY
from conventions.sizes import CERT_MANAGER as CERT_MANAGER_SIZE
from conventions.sizes import CERT_MANAGER_PODS
from helm_values.charts import CERT_MANAGER
from helm_values.cluster.pod_monitor import pod_monitor
from helm_values.cluster.priority import CLUSTER_SERVICE
from helm_values.cluster.resources import resources
from helm_values.cluster.secrets_store import secret_provider_class
from helm_values.cluster.spread import spread
from helm_values.merge import Values

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
ISSUER = "lets-encrypt"
PARTS = 3  # controller, webhook and cainjector
REPLICAS = CERT_MANAGER_PODS // PARTS
RESOURCES = resources(CERT_MANAGER_SIZE)
WORKLOAD_IDENTITY = dict([USES_WORKLOAD_IDENTITY])


def cert_manager_values(*, name_servers: Sequence[str] = ()) -> Values:
    """Return the values of the chart `cert-manager`.

    The chart's own security contexts are kept: non-root, seccomp, read-only root file system.

    Args:
        name_servers: the only ones that are asked for DNS-01 records; without any, those of the
            cluster are.
    """
    return {
        **_part("controller"),
        "global": {"priorityClassName": CLUSTER_SERVICE},
        "crds": {"enabled": True, "keep": True},
        "serviceAccount": {"labels": WORKLOAD_IDENTITY},
        "podLabels": WORKLOAD_IDENTITY,
        "webhook": _part("webhook"),
        "cainjector": _part("cainjector"),
        "startupapicheck": {"resources": RESOURCES},
        "dns01RecursiveNameservers": ",".join(name_servers),
        "dns01RecursiveNameserversOnly": bool(name_servers),
    }


def _part(component: str) -> Values:
    return {
        "replicaCount": REPLICAS,
        "podDisruptionBudget": {
            "enabled": True,
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
        "topologySpreadConstraints": spread(
            {"app.kubernetes.io/instance": "cert-manager", "app.kubernetes.io/component": component}
        ),
        "resources": RESOURCES,
        # The chart's own: in to the ports that the part serves, out to DNS, HTTP and HTTPS.
        "networkPolicy": {"enabled": True},
    }


def cluster_issuer(
    *,
    email: str,
    zone_name: str,
    zone_resource_group: str,
    subscription_id: str,
    identity_client_id: str,
) -> Values:
    """Return a ClusterIssuer that proves the domain by a record in Azure DNS (DNS-01).

    DNS-01 works for hosts that the internet cannot reach, which HTTP-01 does not. The identity
    needs the role DNS Zone Contributor on the zone and a federated credential for the service
    account `cert-manager`. ("AzureDNS", cert-manager documentation)

    Args:
        email: contact of the account; since June 2025 Let's Encrypt warns of no expiry
            (letsencrypt.org: "Ending Support for Expiration Notification Emails").
        zone_name: the DNS zone, for example `data.example.com`.
        zone_resource_group: resource group of the zone.
        subscription_id: subscription of the zone.
        identity_client_id: client ID of cert-manager's managed identity.
    """
    azure_dns = {
        "hostedZoneName": zone_name,
        "resourceGroupName": zone_resource_group,
        "subscriptionID": subscription_id,
        "environment": "AzurePublicCloud",
        "managedIdentity": {"clientID": identity_client_id},
    }
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": ISSUER},
        "spec": {
            "acme": {
                "server": LETS_ENCRYPT,
                "email": email,
                "privateKeySecretRef": {"name": f"{ISSUER}-account-key"},
                "solvers": [{"dns01": {"azureDNS": azure_dns}}],
            }
        },
    }


def certificate(*, host: str, namespace: str, tls_secret: str) -> Values:
    """Return a Certificate: cert-manager keeps `tls_secret` filled and renewed.

    Each renewal makes a new key, ECDSA P-256: every current browser takes it, and so do the
    ciphers of `helm_values.ingress.nginx_config`.
    """
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": tls_secret, "namespace": namespace},
        "spec": {
            "secretName": tls_secret,
            "dnsNames": [host],
            "issuerRef": {"kind": "ClusterIssuer", "name": ISSUER},
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "usages": ["digital signature", "server auth"],
        },
    }


def key_vault_certificate(
    *,
    namespace: str,
    tls_secret: str,
    vault_name: str,
    certificate_name: str,
    tenant_id: str,
    client_id: str,
) -> Values:
    """Return the SecretProviderClass that fills `tls_secret` from a Key Vault certificate.

    Read as a secret, the object holds the private key and the whole chain; as a certificate it
    would hold neither. The Secret is made only once a pod of the namespace mounts the class:
    `nginx_certificate_values` lets the controller's pods do it.

    Args:
        namespace: that of the ingress controller.
        tls_secret: name of the Secret and of the class.
        vault_name: name of the vault.
        certificate_name: the vault's certificate, in PEM or PKCS #12.
        tenant_id: the vault's tenant.
        client_id: identity with the role Key Vault Secrets User.
    """
    secret = {
        "secretName": tls_secret,
        "type": "kubernetes.io/tls",
        "data": [
            {"objectName": "certificate", "key": "tls.key"},
            {"objectName": "certificate", "key": "tls.crt"},
        ],
    }
    return secret_provider_class(
        name=tls_secret,
        namespace=namespace,
        vault_name=vault_name,
        tenant_id=tenant_id,
        client_id=client_id,
        files={"certificate": certificate_name},
        secret_objects=[secret],
    )


def cert_manager_monitor() -> Values:
    """Return the PodMonitor by which managed Prometheus learns when certificates end."""
    pods = {"app.kubernetes.io/component": "controller"}
    return pod_monitor("cert-manager", CERT_MANAGER.namespace, pods, port="http-metrics")
