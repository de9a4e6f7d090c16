"""The `[ingress]` table: how browsers reach Airflow."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from environments.types import DnsZoneId, Email, HostName, NameServer, Section, VaultName, refuse


class Ingress(Section):
    """How browsers reach Airflow: through NGINX, by TLS, on one host name."""

    host: Annotated[HostName, Field(description="host name of the user interface")]
    internal: Annotated[bool, Field(description="load balancer with a private address only")] = True
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
    contact: Annotated[Email | None, Field(description="mail address for expiry notices")] = None
    dns01_name_servers: Annotated[
        tuple[NameServer, ...],
        Field(
            strict=False,
            max_length=4,
            description="whom cert-manager asks for the DNS-01 record, where a private zone hides "
            "the public one; none = the network's own",
        ),
    ] = ()

    @field_validator("dns_zone_id")
    @classmethod
    def _zone_holds_host(cls, zone: str | None, info: ValidationInfo) -> str | None:
        host = info.data.get("host")
        if zone is not None and host is not None:
            name = zone.rsplit("/", 1)[1]
            if not host.endswith(f".{name}"):
                refuse(
                    f"the zone {name} does not hold ingress.host = {host}",
                    allowed="the zone that the host name ends in",
                    fix="correct the host, or give its zone",
                )
        return zone
