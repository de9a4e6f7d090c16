"""Names that Azure makes: templates of hosts, endpoints, resource groups and identities.

What the templates need is in their names: `digest8` are eight hexadecimal digits, `uuid` a GUID,
both drawn by Azure; `location` is a region's short name.
"""

# https://learn.microsoft.com/azure/container-registry/container-registry-get-started-portal
REGISTRY = "{name}.azurecr.io"

# https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates
VAULT_SUFFIX = ".vault.azure.net"
VAULT_URI = "https://{name}" + VAULT_SUFFIX + "/"

# https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-private
POSTGRES_SUFFIX = ".postgres.database.azure.com"

# https://learn.microsoft.com/azure/aks/private-clusters
CLUSTER = "{dns_prefix}-{digest8}.hcp.{location}.azmk8s.io"
CLUSTER_PORTAL = "{dns_prefix}-{digest8}.portal.hcp.{location}.azmk8s.io"
CLUSTER_BEHIND_ENDPOINT = "{dns_prefix}-{digest8}.{uuid}.privatelink.{location}.azmk8s.io"
# https://learn.microsoft.com/azure/aks/api-server-vnet-integration
CLUSTER_IN_SUBNET = "{dns_prefix}-{digest8}.private.{location}.azmk8s.io"
CLUSTER_IN_ZONE = "{dns_prefix}-{digest8}.{zone}"  # of a private DNS zone that was given
# https://learn.microsoft.com/azure/aks/use-oidc-issuer
OIDC_ISSUER = "https://{location}.oic.prod-aks.azure.com/{tenant}/{uuid}/"
# https://learn.microsoft.com/azure/aks/faq (the group of the nodes)
NODE_GROUP = "MC_{resource_group_name}_{name}_{location}"
# https://learn.microsoft.com/azure/aks/use-managed-identity
KUBELET_IDENTITY = "{name}-agentpool"

# What AKS adds to what is reached without a proxy, and tells back with it:
# https://github.com/hashicorp/terraform-provider-azurerm/issues/24188
WITHOUT_PROXY = ("127.0.0.1", "168.63.129.16", "169.254.169.254", "konnectivity", "localhost")

# https://learn.microsoft.com/azure/azure-monitor/metrics/azure-monitor-workspace-manage
METRICS_GROUP = "MA_{name}_{location}_managed"
PROMETHEUS = "https://{name}-{digest8}.{location}.prometheus.monitor.azure.com"
# https://learn.microsoft.com/azure/azure-monitor/data-collection/data-collection-rule-structure
COLLECTION_RULE = "dcr-{digest}"
# https://learn.microsoft.com/azure/managed-grafana/quickstart-managed-grafana-portal
GRAFANA = "https://{name}-{digest8}.weu.grafana.azure.com"

# https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-endpoints
STORAGE_SERVICES = ("blob", "dfs", "file", "queue", "table", "web")
_STORAGE = {"web": "z6.web"}  # a static website's address names a zone, this one in West Europe


def storage_suffix(service: str) -> str:
    """Return what follows the account in the host of one of STORAGE_SERVICES."""
    return f".{_STORAGE.get(service, service)}.core.windows.net"
