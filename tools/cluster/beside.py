"""How a cluster's pods find the servers that run beside it on this machine.

A Service without pods leads to this machine's address: the servers may listen on any free port, and
the API server finds the webhook through it, too. Azure's host names are written into the pods'
hosts files, because the cluster's own DNS is not ours to change.
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
    """Return the namespace, the Service and its endpoints: a machine's address and two ports."""
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
    """Return the host names of Azure that a deployment's pods look up."""
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
    """Return the policy that lets pods out to this machine's address and to the API server.

    The deployed policies name the virtual network's addresses, where Azure's services would be.
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
