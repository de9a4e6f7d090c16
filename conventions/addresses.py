"""Ranges of addresses that no internet has, in networks of companies."""

from ipaddress import IPv4Address, IPv4Network

# RFC 1918, and RFC 6598 ("shared"), which Azure takes like them ("Azure Virtual Network FAQ")
PRIVATE_RANGES = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)
PRIVATE_RANGES_SAID = "10/8, 172.16/12, 192.168/16 and 100.64/10"


def is_private(addresses: IPv4Address | IPv4Network) -> bool:
    """Whether no address is one of the internet, or one that systems keep."""
    cidr = IPv4Network(addresses)
    return any(cidr.subnet_of(private) for private in PRIVATE_RANGES)
