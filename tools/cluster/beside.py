"""How a cluster's pods find what stands beside it: a Service for it, and Azure's names.

The Service has no pods but the address of a machine, so ports of the machine may be any and the API
server finds the webhook by it, too. Azure's names are written into a pod's hosts file, as the
cluster's own name server is not ours to change.
"""

import ipaddress
from typing import Any

from local_kubernetes.server import ApiServer

from tools.cluster.deployment import Deployment

NAMESPACE = "azure-rehearsal"
NAME = "beside"
HOST = f"{NAME}.{NAMESPACE}.svc"
HTTPS, POSTGRES = 443, 5432
Object = dict[str, Any]


def service(address: str, https: int, postgres: int) -> list[Object]:
    """Return the namespace and the Service of a machine's address and its two ports."""
    where = {"name": NAME, "namespace": NAMESPACE}
    ports = {"https": (HTTPS, https), "postgres": (POSTGRES, postgres)}
    slice_ = where | {"labels": {"kubernetes.io/service-name": NAME}}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": where,
            "spec": {
                "ports": [
                    {"name": name, "port": port, "targetPort": target, "protocol": "TCP"}
                    for name, (port, target) in ports.items()
                ]
            },
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": slice_,
            "addressType": f"IPv{ipaddress.ip_address(address).version}",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": [
                {"name": name, "port": target, "protocol": "TCP"}
                for name, (_, target) in ports.items()
            ],
        },
    ]


def azure_names(deployment: Deployment) -> list[str]:
    """Return the names that private DNS and the Internet have for a deployment's pods."""
    return [
        "login.microsoftonline.com",
        *(
            f"{each['name']}.blob.core.windows.net"
            for each in deployment.of_type("azurerm_storage_account")
        ),
        *(f"{each['name']}.vault.azure.net" for each in deployment.of_type("azurerm_key_vault")),
        *(each["fqdn"] for each in deployment.of_type("azurerm_postgresql_flexible_server")),
    ]


def way_out(server: ApiServer, namespace: str, address: str) -> Object:
    """Return the policy that lets pods out to a machine's address and to the API server.

    The deployed ones name the addresses of the virtual network, where Azure's side would be.
    """
    found = server.get("discovery.k8s.io/v1", "EndpointSlice", "kubernetes", "default")
    addresses = [address, *(one for each in found["endpoints"] for one in each["addresses"])]
    peers = [{"ipBlock": {"cidr": str(ipaddress.ip_network(one))}} for one in addresses]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": NAMESPACE, "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": peers}]},
    }
