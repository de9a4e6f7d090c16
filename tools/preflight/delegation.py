"""Whether the world asks Azure for the names of the host's zone."""

from collections.abc import Iterator

import dns.exception
import dns.resolver

from conventions.faults import Fault
from tools.preflight.deployment import Deployment
from tools.preflight.reading import Azure, NotThereError, UnreadError


def delegation(
    deployment: Deployment, azure: Azure, resolver: dns.resolver.Resolver | None = None
) -> Iterator[Fault]:
    """A zone that is not there, or that its parent does not point to."""
    zone_id = deployment.env.ingress.dns_zone_id
    if zone_id is None:
        return
    key = f"ingress.dns_zone_id = {zone_id}"
    try:
        zone = azure.get(zone_id, "2018-05-01", role=f"Reader on {zone_id}")
    except NotThereError:
        yield Fault(
            place=deployment.place,
            key=key,
            problem="there is no such zone",
            fix="az network dns zone create, or correct the id",
        )
        return
    name = zone_id.rsplit("/", 1)[1]
    served = {server.lower().rstrip(".") for server in zone["properties"].get("nameServers", ())}
    found = _name_servers(name, resolver or _usual(name))
    if not found & served:
        yield Fault(
            place=deployment.place,
            key=key,
            problem=f"the world does not ask Azure for {name}: its NS records are "
            f"{', '.join(sorted(found)) or 'not there'}",
            allowed=", ".join(sorted(served)),
            fix=f"write these as NS records of {name} into the zone above it",
        )


def _name_servers(name: str, resolver: dns.resolver.Resolver) -> set[str]:
    try:
        answer = resolver.resolve(name, "NS", lifetime=10)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return set()
    except dns.exception.DNSException as error:
        raise UnreadError(f"NS records of {name}", str(error), "a way to a DNS server") from None
    return {str(record.target).lower().rstrip(".") for record in answer}


def _usual(name: str) -> dns.resolver.Resolver:
    try:
        return dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration as error:
        raise UnreadError(f"NS records of {name}", str(error), "a way to a DNS server") from None
