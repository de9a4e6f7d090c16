"""Counts that Azure sets, and the addresses that it keeps for itself."""

from ipaddress import ip_network

# https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-dns-limits
ZONE_RECORD_SETS = 25_000
ZONE_LINKS = 1_000
ZONE_REGISTERING_LINKS = 100
# https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
FEDERATED_CREDENTIALS = 20
# https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq#are-there-any-restrictions-on-using-ip-addresses-within-these-subnets
_RESERVED = 4  # the network's own address, the gateway's and two of DNS; the last one is kept, too


def free_address(prefix: str, number: int) -> str:
    """Return an address of a subnet that Azure may give away, chosen by any number."""
    network = ip_network(prefix, strict=False)
    free = max(network.num_addresses - _RESERVED - 1, 1)
    return str(network[_RESERVED + number % free])
