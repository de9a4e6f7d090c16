"""The record of Airflow's host, in a zone of the company's own."""

from cdktf_cdktf_provider_azurerm.dns_a_record import DnsARecord
from cdktf_cdktf_provider_azurerm.private_dns_a_record import PrivateDnsARecord
from constructs import Construct

SECONDS = 300  # that name servers keep it


def add_host_record(
    scope: Construct, construct_id: str, *, zone_id: str, zone: str, name: str, address: str
) -> None:
    """Point a name to an address, in a private or a public zone that somebody else has made."""
    record = PrivateDnsARecord if "/privatednszones/" in zone_id.lower() else DnsARecord
    record(
        scope,
        construct_id,
        name=name,
        zone_name=zone,
        resource_group_name=zone_id.split("/")[4],
        ttl=SECONDS,
        records=[address],
    )
