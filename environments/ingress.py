"""The `[ingress]` table: how browsers reach Airflow."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from environments.types import (
    IN_SUBSCRIPTION,
    RESOURCE_NAME,
    Address,
    DnsZoneId,
    Email,
    HostName,
    NameServer,
    PublicIpId,
    Section,
    Text,
    VaultName,
    refuse,
)

AZURES_LOW = 4  # of each subnet, and the last one (learn.microsoft.com: "Virtual Network FAQ")
RecordZoneId = Annotated[
    str,
    Text(
        rf"{IN_SUBSCRIPTION}Microsoft.Network/(privateDnsZones|dnsZones)/{RESOURCE_NAME}",
        "the resource id of a private or a public DNS zone",
        "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network"
        "/privateDnsZones/<name>",
    ),
]


class Ingress(Section):
    """How browsers reach Airflow: through NGINX, by TLS, on one host name."""

    host: Annotated[HostName, Field(description="host name of the user interface")]
    internal: Annotated[bool, Field(description="load balancer with a private address only")] = True
    address: Annotated[
        Address | None,
        Field(
            description="private address that the load balancer keeps, of network.aks_nodes; a "
            "high one, since nodes take the low ones. Left out, Azure chooses"
        ),
    ] = None
    public_ip_id: Annotated[
        PublicIpId | None,
        Field(
            description="a static Standard public IP that the load balancer takes, with "
            "internal = false; the address then outlives the cluster. Left out, Azure chooses one"
        ),
    ] = None
    record_zone_id: Annotated[
        RecordZoneId | None,
        Field(
            description="zone, private or public, that gets the record of the host, with `address`"
        ),
    ] = None
    replicas: Annotated[int, Field(ge=2, le=20, description="NGINX controllers")] = 2
    certificate: Annotated[
        Literal["letsencrypt", "key_vault"],
        Field(description="from Let's Encrypt by DNS-01, or a certificate kept in Key Vault"),
    ] = "letsencrypt"
    dns_zone_id: Annotated[
        DnsZoneId | None,
        Field(description="public DNS zone of the host, for Let's Encrypt's DNS-01"),
    ] = None
    key_vault_certificate: Annotated[
        VaultName | None, Field(description="name of the certificate in the vault")
    ] = None
    max_body_mib: Annotated[
        int, Field(ge=1, le=1024, description="largest request in MiB, as XComs by the API")
    ] = 16
    contact: Annotated[
        Email | None, Field(description="mail address that Let's Encrypt is given")
    ] = None
    dns01_name_servers: Annotated[
        tuple[NameServer, ...],
        Field(
            strict=False,
            max_length=4,
            description="whom cert-manager asks for the DNS-01 record, where a private zone hides "
            "the public one; none = the network's own",
        ),
    ] = ()

    @property
    def record(self) -> tuple[str, str]:
        """Name of the record of the host in its zone, and the zone's name."""
        zone = str(self.record_zone_id).rsplit("/", 1)[1].lower()
        return self.host.removesuffix(zone).rstrip(".") or "@", zone

    @field_validator("address")
    @classmethod
    def _private(cls, address: Address | None, info: ValidationInfo) -> Address | None:
        if address is not None and not info.data.get("internal", True):
            refuse(
                "a private address while ingress.internal = false",
                allowed="address together with internal = true",
                fix="delete it, or set ingress.internal = true",
            )
        return address

    @field_validator("public_ip_id")
    @classmethod
    def _public(cls, id_: str | None, info: ValidationInfo) -> str | None:
        if id_ is not None and info.data.get("internal", True):
            refuse(
                "a public address while ingress.internal = true",
                allowed="public_ip_id together with internal = false",
                fix="delete it, or set ingress.internal = false",
            )
        return id_

    @field_validator("record_zone_id")
    @classmethod
    def _address_of_record(cls, zone: str | None, info: ValidationInfo) -> str | None:
        if zone is not None and info.data.get("address") is None:
            refuse(
                "a record without an address to point to",
                allowed="record_zone_id together with ingress.address",
                fix="set ingress.address, or delete it and make the record when the load balancer "
                "has its address",
            )
        host, name = info.data.get("host"), zone and zone.rsplit("/", 1)[1].lower()
        if host and name and not f".{host}".endswith(f".{name}"):
            refuse(
                f"the zone {name} does not hold ingress.host = {host}",
                allowed="a zone that the host name ends in",
                fix="correct the host, or give its zone",
            )
        return zone

    @field_validator("dns_zone_id")
    @classmethod
    def _zone_holds_host(cls, zone: str | None, info: ValidationInfo) -> str | None:
        host = info.data.get("host")
        if zone is not None and host is not None:
            name = zone.rsplit("/", 1)[1].lower()
            if not f".{host}".endswith(f".{name}"):
                refuse(
                    f"the zone {name} does not hold ingress.host = {host}",
                    allowed="the zone that the host name ends in",
                    fix="correct the host, or give its zone",
                )
        return zone


def refuse_misplaced(ingress: Ingress, nodes: IPv4Network | None, subscription_id: str) -> None:
    """Refuse an address that the load balancer cannot have, and a zone that cannot be reached."""
    address, zone = ingress.address, ingress.record_zone_id
    if address and nodes and not nodes[AZURES_LOW] <= address < nodes[-1]:
        refuse(
            f"address = {address} is none of network.aks_nodes = {nodes} that Azure gives away",
            allowed=f"{nodes[AZURES_LOW]} to {nodes[-2]}",
            fix=f'set ingress.address = "{nodes[-2]}", for example',
        )
    given = ingress.public_ip_id
    if given and subscription_id and given.split("/")[2].lower() != subscription_id:
        refuse(
            f"public_ip_id lies in the subscription {given.split('/')[2]}, where the cluster finds "
            "no address",
            allowed=f"a public IP of subscription_id = {subscription_id}",
            fix="make one in this subscription",
        )
    if zone and subscription_id and zone.split("/")[2].lower() != subscription_id:
        refuse(
            f"record_zone_id lies in the subscription {zone.split('/')[2]}, where this environment "
            "makes nothing",
            allowed=f"a zone of subscription_id = {subscription_id}",
            fix="delete it, and have the owner of the zone make the record",
        )
